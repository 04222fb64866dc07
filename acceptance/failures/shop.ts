import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '../client.ts'
import type { Source } from './source.ts'

export interface Operation {
  readonly id: string
  readonly job: string
  readonly state: string
  readonly attempt: number
  readonly ended_at: string | null
  readonly error: { readonly code: string; readonly detail: string } | null
}

/** An app with two stored domains, `one` and `two`, that each hold the number of the source. */
export interface Shop {
  /** The numbers that the two domains of a stage hold, asked for with one query. */
  numbers(stage?: string): Promise<readonly [number, number]>
  begin(path: 'preprocess' | 'release', headers?: Record<string, string>): Promise<string>
  operation(id: string): Promise<Operation>
  operations(): Promise<readonly Operation[]>
  ended(id: string): Promise<Operation>
  /** Refreshes and publishes, and waits for both. */
  publish(): Promise<void>
}

const join = [{ name: 'join', right_pipeline: 'two', type: 'left', on: [['key', 'key']] }]

/** As people give it, of the body of an answer that must have this status. */
async function json<T>(response: Response, ...statuses: number[]): Promise<T> {
  const text = await response.text()
  if (!statuses.includes(response.status)) throw new Error(`${response.url} answered ${response.status}: ${text}`)
  return JSON.parse(text)
}

export async function aShop(client: Client, source: Source, app = 'shop'): Promise<Shop> {
  await json(await client.send('POST', '/small-apps', { id: app, name: app }), 201)
  const connection = { name: 'numbers', type: 'http', config: { baseroute: source.url } }
  const { id } = await json<{ id: string }>(await client.send('POST', `/${app}/connections`, connection), 201)
  for (const domain of ['one', 'two']) {
    const stored = { kind: 'stored', connection: id, query: { url: `/${domain}` } }
    await json(await client.send('PUT', `/${app}/data/domains/${domain}`, stored), 200, 201)
    const everybody = [{ scope: 'ALL_USERS', effect: 'SEE_ALL' }]
    await json(await client.send('PUT', `/${app}/permissions/${domain}`, everybody), 200)
  }
  const shop = shopOf(client, app)
  await shop.publish()
  return shop
}

function shopOf(client: Client, app: string): Shop {
  const shop: Shop = {
    async numbers(stage = 'production') {
      const answer = await client.data(app, { domain: 'one', pipeline: join }, stage)
      if (answer.status !== 200) throw new Error(`rows were answered with ${answer.status}: ${JSON.stringify(answer)}`)
      const [row, ...others] = answer.data as { number: number; number_right: number }[]
      if (!row || others.length > 0) throw new Error(`one row was expected: ${JSON.stringify(answer.data)}`)
      return [row.number, row.number_right]
    },
    async begin(path, headers = {}) {
      const began = await client.send('POST', `/${app}/data/${path}`, {}, { prefer: 'respond-async', ...headers })
      return (await json<{ operation_id: string }>(began, 202, 200)).operation_id
    },
    operation: async (id) => json(await client.get(`/${app}/operations/${id}`), 200),
    operations: async () => json(await client.get(`/${app}/operations?limit=100`), 200),
    async ended(id) {
      const until = performance.now() + 35_000
      for (;;) {
        const operation = await shop.operation(id).catch(() => null)
        if (operation && !['queued', 'running'].includes(operation.state)) return operation
        if (performance.now() > until) throw new Error(`${id} did not end: ${JSON.stringify(operation)}`)
        await sleep(50)
      }
    },
    async publish() {
      for (const path of ['preprocess', 'release'] as const) {
        const ended = await shop.ended(await shop.begin(path))
        if (ended.state !== 'done') throw new Error(`${path}: ${JSON.stringify(ended)}`)
      }
    },
  }
  return shop
}
