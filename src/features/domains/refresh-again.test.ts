import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { silentLog, systemClock } from '../../base/index.ts'
import { type Catalog, createCatalog } from '../../catalog/index.ts'
import type { JobCtx, JobDefinition } from '../../jobs/index.ts'
import { openStore, type Store } from '../../store/index.ts'
import { refreshJob } from './refresh.job.ts'

let folder: string
let store: Store
let catalog: Catalog
let told: (readonly string[])[]
/** What others do while a domain is being read. */
let meanwhile: (domain: string) => Promise<unknown>
let job: JobDefinition

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'laputa-refresh-'))
  store = await openStore({ kind: 'sqlite', home: folder }, { clock: systemClock, log: silentLog })
  catalog = createCatalog({ store, clock: systemClock })
  told = []
  const version = (domain: string) => ({
    ...{ version: `${domain}-2`, app: 'shop', domain, columns: [], count: 2, bytes: 8, createdAt: 0 },
  })
  job = refreshJob({
    catalog,
    rows: { describe: async (name) => version(name.slice(0, -2)) },
    async readSource({ domain }) {
      await meanwhile(domain)
      return version(domain)
    },
    refreshed: ({ domains }) => void told.push(domains),
  })
  await catalog.createApp({ id: 'shop', name: 'shop', by: 'test' })
  const source = { kind: 'connection', connection: 'api', connector: 'http', query: {} } as const
  const domain = (name: string) => ({ kind: 'stored', version: `${name}-1`, source }) as const
  const domains = { sales: domain('sales'), costs: domain('costs') }
  await catalog.edit('shop', () => ({ domains }), { by: 'test' })
})
afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

function attempt(n: number): Promise<unknown> {
  const ctx: JobCtx = {
    ...{ operation: 'operation-1', attempt: n, app: 'shop', stage: 'staging', by: 'ann', requestId: null },
    ...{ log: silentLog, signal: new AbortController().signal, progress: () => {}, say: () => {} },
  }
  return job.run(ctx, { app: 'shop', stage: 'staging', domains: ['sales', 'costs'] })
}

it('tells its end again after a crash behind its effect, also when a domain that it named was removed meanwhile', async () => {
  meanwhile = (domain) =>
    catalog.edit('shop', ({ domains: { [domain]: _, ...others } }) => (domain === 'costs' ? { domains: others } : {}), {
      by: 'bob',
    })
  const taken = [{ domain: 'sales', version: 'sales-2', count: 2 }]
  const first = await attempt(1)
  expect(first).toMatchObject({ domains: taken, skipped: ['costs'] })
  const again = await attempt(2)
  expect(again).toMatchObject({ release: (first as { release: string }).release, domains: taken })
  expect(told).toEqual([['sales'], ['sales']])
})
