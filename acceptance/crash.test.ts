import { readdirSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Client, signIn } from './client.ts'
import { newHome, removeHome, type Started, startLaputa } from './started.ts'

let home: string
let started: Started

beforeEach(async () => {
  home = newHome()
  started = await startLaputa({ home })
})

afterEach(async () => {
  await started.kill()
  removeHome(home)
})

const all = { domain: 'birdstrikes', pipeline: [], limit: 1 }
const count = async (client: Client, stage: string) =>
  (await client.data('demo', all, stage)).pagination_info.pagination_info.total_rows

/** A table that takes a while to read: `rows` rows of four columns. */
function bigCsv(rows: number): string {
  const lines = ['id,name,amount,day']
  for (let i = 0; i < rows; i++) lines.push(`${i},name ${i % 9973},${i / 7},2024-0${1 + (i % 9)}-11`)
  return `${lines.join('\n')}\n`
}

/** Begins an upload and sends only the first part of its body. */
function beginUpload(client: Client, first: string): ReturnType<typeof request> {
  const upload = request(`${started.url}/demo/data/sources?stage=staging`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${client.token}`,
      'content-type': 'multipart/form-data; boundary=b',
      'content-length': 100_000_000,
    },
  })
  upload.on('error', () => {})
  upload.write('--b\r\ncontent-disposition: form-data; name="data"\r\n\r\n{"domain":"birdstrikes"}\r\n')
  upload.write(`--b\r\ncontent-disposition: form-data; name="file"; filename="birdstrikes.csv"\r\n\r\n${first}`)
  return upload
}

/** Waits until what was begun before a crash has ended: it is begun anew. */
async function settled(client: Client): Promise<void> {
  for (let i = 0; i < 300; i++) {
    const active = (await (await client.get('/demo/operations?state=queued,running')).json()) as unknown[]
    if (active.length === 0) return
    await sleep(100)
  }
  throw new Error('operations that a crash cut short did not end')
}

const leftovers = () => readdirSync(join(home, 'var', 'tmp'))

it('keeps the last good state when an upload is cut in the middle', async () => {
  const client = await signIn(started, 'demo-contributor')
  const upload = beginUpload(client, bigCsv(1000))
  await sleep(300)
  upload.destroy()
  for (let i = 0; i < 50 && leftovers().length > 0; i++) await sleep(100)
  expect(leftovers()).toEqual([])
  expect(await count(client, 'staging')).toBe(10_000)
  expect(await count(client, 'production')).toBe(10_000)
})

it('keeps the last good state when it is killed while a file comes in', async () => {
  const client = await signIn(started, 'demo-contributor')
  beginUpload(client, bigCsv(1000))
  await sleep(300)
  expect(leftovers().length).toBeGreaterThan(0)
  await started.kill()
  started = await startLaputa({ home })
  expect(leftovers()).toEqual([])
  const again = await signIn(started, 'demo-contributor')
  expect(await count(again, 'staging')).toBe(10_000)
  expect(await count(again, 'production')).toBe(10_000)
})

it.each([20, 120, 300, 600, 1000])(
  'shows the old rows or the new ones when it is killed %s ms into an ingest',
  async (delay) => {
    const client = await signIn(started, 'demo-contributor')
    const rows = 300_000
    const upload = client.upload('demo', 'birdstrikes', bigCsv(rows)).catch(() => null)
    await sleep(delay)
    await started.kill()
    await upload
    started = await startLaputa({ home })
    const again = await signIn(started, 'demo-contributor')
    await settled(again)
    expect(leftovers()).toEqual([])
    expect([10_000, rows]).toContain(await count(again, 'staging'))
    expect(await count(again, 'production')).toBe(10_000)
    const repeated = await again.upload('demo', 'birdstrikes', 'a,b\n1,2\n')
    expect(repeated.status).toBe(201)
    expect(await count(again, 'staging')).toBe(1)
  },
)

it('publishes wholly or not at all when it is killed during a release', async () => {
  for (let round = 0; round < 5; round++) {
    const rows = 100 + round
    const builder = await signIn(started, 'demo-contributor')
    await settled(builder)
    const before = await count(builder, 'production')
    const csv = `Origin State,n\n${Array.from({ length: rows }, (_, i) => `Texas,${i}`).join('\n')}\n`
    expect((await builder.upload('demo', 'birdstrikes', csv)).status).toBe(201)
    const release = builder.send('POST', '/demo/data/release', {}, { prefer: 'wait=30' }).then(
      ({ status }) => status === 200,
      () => false,
    )
    await sleep(round)
    await started.kill()
    const confirmed = await release
    started = await startLaputa({ home })
    const after = await count(await signIn(started, 'demo-contributor'), 'production')
    // What was confirmed is there; what was not may be either, but never something else.
    expect(confirmed ? [rows] : [before, rows]).toContain(after)
  }
})
