import { readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { anHttpSource, type HttpSource } from '../../../test/builders/http-source.ts'
import { anInstance, type Instance } from '../../../test/builders/instance.ts'
import { anAppBuilder } from '../../../test/builders/live-app.ts'

/** How long to wait for what happens in the background. */
const soon = { timeout: 15_000 }

const hour = 3_600_000
let now = Date.now()
let api: HttpSource
let instance: Instance

beforeAll(async () => {
  api = await anHttpSource()
  const settings = {
    ...{ LAPUTA_CONNECTIONS__ALLOW: '127.0.0.1', LAPUTA_JOBS__ISOLATE: 'never' },
    // Time is moved by hours here.
    LAPUTA_AUTH__TOKEN_LIFETIME: '7 days',
  }
  instance = await anInstance(settings, { now: () => now })
  await instance.anApp({ id: 'shop', domains: { sales: 'n\n1\n' } })
})
afterAll(async () => {
  await instance.close()
  await api.close()
})

/** Waits for the end of a sweep. Each of them is one in its ten minutes. */
async function sweep() {
  await instance.sweep()
  const last = async () => (await instance.admin.call('GET', '/operations?job=sweep&limit=1')).body[0]
  await expect.poll(async () => (await last()).state, soon).toBe('done')
  return (await last()).result
}

it('drops what no kept release names, once that is old', async () => {
  for (let n = 2; n < 5; n++) await instance.admin.upload('shop', 'sales', `n\n${n}\n`)
  await instance.admin.call('DELETE', '/small-apps/shop')
  now += hour / 2
  expect(await sweep()).toEqual({ versions: 0, blobs: 0 })
  now += hour
  expect(await sweep()).toEqual({ versions: 4, blobs: 4 })
  now += hour
  expect(await sweep()).toEqual({ versions: 0, blobs: 0 })
})

it('leaves what work under way may still name, however long it takes', async () => {
  await instance.anApp({ id: 'slow', domains: { sales: 'n\n1\n' } })
  const connection = await anAppBuilder(instance, 'slow').connection('http', { baseroute: api.base })
  const body = { kind: 'stored', connection, query: { url: 'slow' } }
  await instance.admin.call('PUT', '/slow/data/domains/zzz', { body })
  let goOn = () => {}
  const released = new Promise<void>((resolve) => {
    goOn = resolve
  })
  const asked = new Promise<void>((resolve) => {
    api.handler = (_request, response) => {
      resolve()
      void released.then(() => response.end('[{"n":1}]'))
    }
  })
  const { body: started } = await instance.admin.call('POST', '/slow/data/preprocess')
  // By then the first domain has a new version that no release names.
  await asked
  now += 5 * hour
  expect(await sweep()).toEqual({ versions: 0, blobs: 0 })
  goOn()
  const state = async () => (await instance.admin.call('GET', `/slow/operations/${started.operation_id}`)).body.state
  await expect.poll(state, soon).toBe('done')
  const { body: answer } = await instance.admin.call('POST', '/slow/data?stage=staging', {
    body: { domain: 'sales', pipeline: [] },
  })
  expect(answer.data).toEqual([{ n: 1 }])
})

it('leaves the parts of a file that is still being sent', async () => {
  await instance.anApp({ id: 'parts', published: false })
  const texts = ['n\n1\n', '2\n', '3\n', '4\n']
  const send = (index: number) => {
    const fields = {
      ...{ domain: 'whole', dzuuid: 'one-file', dzchunkindex: index, dztotalchunkcount: texts.length },
      dzchunkbyteoffset: texts.slice(0, index).join('').length,
      dztotalfilesize: texts.join('').length,
    }
    const head = Object.entries(fields).map(
      ([name, value]) => `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    )
    const file = `--b\r\ncontent-disposition: form-data; name="file"; filename="t.csv"\r\n\r\n${texts[index]}\r\n--b--\r\n`
    return instance.admin.call('POST', '/parts/data/sources', {
      body: `${head.join('')}${file}`,
      headers: { 'content-type': 'multipart/form-data; boundary=b' },
    })
  }
  for (const index of [0, 1]) expect((await send(index)).status).toBe(202)
  now += 5 * hour
  expect(await sweep()).toEqual({ versions: 0, blobs: 0 })
  expect((await send(2)).status).toBe(202)
  const { status, body } = await send(3)
  expect([status, body.count]).toEqual([201, 4])
})

it('removes files that a killed process left behind, and none that may be in use', async () => {
  const file = (name: string) => join(instance.home, 'tmp', name)
  for (const name of ['upload-old', 'upload-young', 'other']) writeFileSync(file(name), 'n\n')
  for (const [name, age] of [
    ['upload-old', 7 * hour],
    ['upload-young', hour],
    ['other', 7 * hour],
  ] as const) {
    utimesSync(file(name), (now - age) / 1000, (now - age) / 1000)
  }
  now += hour / 2
  await sweep()
  const left = readdirSync(join(instance.home, 'tmp'))
  expect(left).toEqual(expect.arrayContaining(['upload-young', 'other']))
  expect(left).not.toContain('upload-old')
})
