import { afterEach, beforeEach, expect, it } from 'vitest'
import { aLiveServer, eventually, type LiveServer, type Said } from '../../../test/builders/live.ts'
import type { Jobs } from '../../jobs/index.ts'
import { type CatchUp, createCatchUp } from './catch-up.ts'
import type { Client } from './client.ts'

let app: LiveServer
let catchUp: CatchUp
/** How often operations were read. */
let reads: number
/** What is done once the operations have been read. */
let afterReading: () => Promise<void>
beforeEach(async () => {
  app = await aLiveServer()
  reads = 0
  afterReading = async () => {}
  const jobs: Pick<Jobs, 'list'> = {
    list(request) {
      reads++
      return app.jobs.list(request)
    },
  }
  const catalog = {
    async apps() {
      await afterReading()
      return app.catalog.apps()
    },
  }
  catchUp = createCatchUp({ ...app, jobs, catalog, people: { look: async () => {} }, buffer: 1000 })
})
afterEach(() => app.close())

function aClient(): { client: Client; heard: Said[] } {
  const heard: Said[] = []
  const principal = { username: 'root', roles: ['ADMIN'], privileges: {}, groups: [], attributes: {} } as const
  const who = { username: 'root', session: null, epoch: null }
  const client: Client = {
    outlet: { send: ({ bytes }) => void heard.push(JSON.parse(String(bytes))), waiting: () => 0, close: () => {} },
    member: { who, principal, until: Number.POSITIVE_INFINITY, changes: undefined, clients: new Set() },
    wishes: null,
    debt: null,
  }
  return { client, heard }
}

const submit = async () =>
  (
    await app.jobs.submit({
      ...{ job: 'talk', args: { says: [] }, app: null, stage: null, by: 'test', requestId: null },
    })
  ).id

const isReady = ({ type }: Said) => type === 'ready'
const settled = (heard: readonly Said[]) =>
  eventually(
    () => heard.find(isReady),
    () => JSON.stringify(heard),
  )

it('is not over before what was missed while the records were being read was told too', async () => {
  const { client, heard } = aClient()
  let second = ''
  afterReading = async () => {
    afterReading = async () => {}
    second = await submit()
    catchUp.owe(client, app.clock.now(), 'overflow')
  }
  catchUp.owe(client, app.clock.now(), null)
  await catchUp.settle()
  await settled(heard)
  expect(heard.map(({ type, reason, operation }) => operation?.id ?? reason ?? type)).toEqual([
    'overflow',
    second,
    'ready',
  ])
})

it('is told once and from the beginning when the records could not be read the first time', async () => {
  const { client, heard } = aClient()
  const before = app.clock.now()
  app.clock.advance(60_000)
  const first = await submit()
  app.clock.advance(60_000)
  afterReading = async () => {
    afterReading = async () => {}
    throw new Error('the store is down')
  }
  catchUp.owe(client, app.clock.now(), null)
  await catchUp.settle()
  catchUp.owe(client, before, null)
  expect(heard).toEqual([])
  await expect.poll(() => catchUp.settle().then(() => heard.length), { timeout: 5000 }).toBeGreaterThan(0)
  expect(heard.map(({ type, operation }) => operation?.id ?? type)).toEqual([first, 'ready'])
  expect(reads).toBe(2)
})
