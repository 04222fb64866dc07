import { afterAll, beforeAll, expect, it } from 'vitest'
import { anHttpSource, type HttpSource } from '../../../test/builders/http-source.ts'
import { anInstance, type Instance } from '../../../test/builders/instance.ts'
import { anAppBuilder } from '../../../test/builders/live-app.ts'

let api: HttpSource
let instance: Instance

beforeAll(async () => {
  api = await anHttpSource()
  instance = await anInstance({
    LAPUTA_CONNECTIONS__ALLOW: '127.0.0.1',
    LAPUTA_JOBS__ISOLATE: 'always',
    LAPUTA_JOBS__MEMORY: '256 MiB',
    LAPUTA_ROWS__MEMORY_LIMIT: '64 MiB',
  })
  await instance.anApp({ id: 'shop', domains: { sales: 'n\n1\n2\n' } })
  const connection = await anAppBuilder(instance, 'shop').connection('http', { baseroute: api.base })
  const body = { kind: 'stored', connection, query: { url: 'orders' } }
  await instance.admin.call('PUT', '/shop/data/domains/orders', { body })
}, 60_000)
afterAll(async () => {
  await instance.close()
  await api.close()
})

const rowsOf = async (domain: string) =>
  (await instance.admin.call('POST', '/shop/data?stage=staging', { body: { domain, pipeline: [] } })).body.data
const refresh = () =>
  instance.admin.call('POST', '/shop/data/preprocess', {
    body: { domains: ['orders'] },
    headers: { prefer: 'wait=60' },
  })

it('reads files and connections in a process of its own', async () => {
  expect(await rowsOf('sales')).toEqual([{ n: 1 }, { n: 2 }])
  api.answerWith([{ n: 7 }])
  expect((await refresh()).status).toBe(200)
  expect(await rowsOf('orders')).toEqual([{ n: 7 }])
}, 60_000)

it('tells of a file that is no table as it does without one', async () => {
  const { status, body } = await instance.admin.upload('shop', 'ragged', 'a,b\n1,2\n3\n')
  expect([status, body.code, body.errors[0].line]).toEqual([422, 'csv_invalid', 3])
}, 60_000)

it('ends a job that takes more memory than it may, and nothing else', async () => {
  const row = JSON.stringify({ name: 'x'.repeat(20), city: 'y'.repeat(20), n: 1 })
  api.answerWith(`[${Array.from({ length: 1_000_000 }, () => row).join(',')}]`)
  const { status, body } = await refresh()
  expect([status, body.code]).toEqual([413, 'out_of_memory'])
  expect(body.detail).toContain('jobs.memory')
  expect(await rowsOf('orders')).toEqual([{ n: 7 }])
  api.answerWith([{ n: 8 }])
  expect((await refresh()).status).toBe(200)
}, 120_000)
