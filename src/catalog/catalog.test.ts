import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLog } from '../base/index.ts'
import { openStore, type Store } from '../store/index.ts'
import { type Catalog, createCatalog } from './catalog.ts'
import type { Release, StoredDomain } from './release.ts'

let home: string
let store: Store
let catalog: Catalog
const clock = { now: () => time++ }
let time = 1_700_000_000_000

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'laputa-catalog-'))
  store = await openStore({ kind: 'sqlite', home }, { clock, log: silentLog })
  catalog = createCatalog({ store, clock })
  await catalog.createApp({ id: 'shop', name: 'Shop', by: 'root' })
})
afterEach(async () => {
  await store.close()
  rmSync(home, { recursive: true, force: true })
})

const by = { by: 'root' }
const domain = (version: string): StoredDomain => ({
  kind: 'stored',
  version,
  source: { kind: 'upload', name: 'a.csv', blob: `blob-${version}`, size: 1 },
})
const put = (name: string, version: string) =>
  catalog.edit('shop', ({ domains }) => ({ domains: { ...domains, [name]: domain(version) } }), by)
const versions = async (stage: 'staging' | 'production') =>
  Object.fromEntries(
    Object.entries((await catalog.current('shop', stage)).domains).map(([name, found]) => [
      name,
      found.kind === 'stored' && found.version,
    ]),
  )

it('shows an empty release before the first publication', async () => {
  await put('a', '1')
  expect(await versions('production')).toEqual({})
  expect(await versions('staging')).toEqual({ a: '1' })
})

it('never changes a release that somebody holds', async () => {
  await put('a', '1')
  await catalog.publish('shop', {}, by)
  const held = await catalog.current('shop', 'production')
  await put('a', '2')
  await catalog.publish('shop', {}, by)
  expect(held.domains.a).toMatchObject({ version: '1' })
  expect(await versions('production')).toEqual({ a: '2' })
})

it('loses no edit of many at once', async () => {
  const names = Array.from({ length: 15 }, (_, index) => `d${index}`)
  await Promise.all(names.map((name) => put(name, name)))
  expect(Object.keys(await versions('staging')).sort()).toEqual([...names].sort())
})

it('refuses an edit of another release than the one that was read', async () => {
  const { id } = await put('a', '1')
  await put('a', '2')
  const edit = catalog.edit('shop', () => ({ domains: {} }), { by: 'root', expected: id })
  await expect(edit).rejects.toMatchObject({ code: 'precondition_failed' })
  expect(await versions('staging')).toEqual({ a: '2' })
})

describe('operations', () => {
  const operation = (attempt: number, id = 'op-1') => ({ id, attempt })
  const putBy = (attempt: number, version: string, id = 'op-1') =>
    catalog.edit('shop', ({ domains }) => ({ domains: { ...domains, a: domain(version) } }), {
      by: 'root',
      operation: operation(attempt, id),
    })
  /** Operations that begin and have their effect, one after the other. */
  const run = async (count: number, name: string) => {
    for (let index = 0; index < count; index++) {
      await catalog.begin('shop', operation(1, `${name}-${index}`))
      await putBy(1, '0', `${name}-${index}`)
    }
  }

  it('have their effect once, however often they are run', async () => {
    expect(await catalog.begin('shop', operation(1))).toBeNull()
    const first = await putBy(1, '1')
    expect(await putBy(1, '2')).toEqual(first)
    await put('a', '3')
    expect(await catalog.begin('shop', operation(2))).toEqual(first)
    expect(await putBy(2, '4')).toEqual(first)
    expect(await versions('staging')).toEqual({ a: '3' })
  })

  it('are refused from an attempt on that a later one has overtaken', async () => {
    await catalog.begin('shop', operation(1))
    await catalog.begin('shop', operation(2))
    await expect(putBy(1, '1')).rejects.toMatchObject({ code: 'precondition_failed' })
    await expect(catalog.publish('shop', {}, { by: 'root', operation: operation(1) })).rejects.toMatchObject({
      code: 'precondition_failed',
    })
    await expect(catalog.begin('shop', operation(1))).rejects.toMatchObject({ code: 'precondition_failed' })
    expect(await versions('staging')).toEqual({})
    await putBy(2, '2')
    expect(await versions('staging')).toEqual({ a: '2' })
  })

  it('are refused without having begun: also on a later app of the same name', async () => {
    await expect(putBy(1, '1')).rejects.toMatchObject({ code: 'precondition_failed' })
    await catalog.begin('shop', operation(1))
    await catalog.removeApp('shop')
    await catalog.createApp({ id: 'shop', name: 'Shop', by: 'root' })
    await expect(putBy(1, '1')).rejects.toMatchObject({ code: 'precondition_failed' })
  })

  it('publish once', async () => {
    await put('a', '1')
    await catalog.begin('shop', operation(1))
    const first = await catalog.publish('shop', {}, { by: 'root', operation: operation(1) })
    await put('a', '2')
    expect(await catalog.begin('shop', operation(2))).toEqual(first)
    expect(await catalog.publish('shop', {}, { by: 'root', operation: operation(2) })).toEqual(first)
    expect(await versions('production')).toEqual({ a: '1' })
  })

  it('find the effect although staging moved past what was expected', async () => {
    const { id: expected } = await put('a', '1')
    await catalog.begin('shop', operation(1))
    const options = { by: 'root', expected, operation: operation(1) }
    const first = await catalog.edit('shop', () => ({ domains: {} }), options)
    expect(await catalog.edit('shop', () => ({ domains: {} }), options)).toEqual(first)
  })

  it('have one effect of many attempts that run at the same time', async () => {
    await catalog.begin('shop', operation(1))
    const all = await Promise.all(Array.from({ length: 10 }, (_, index) => putBy(1, String(index))))
    expect(new Set(all.map(({ id }) => id)).size).toBe(1)
    expect((await catalog.current('shop', 'staging')).id).toBe(all[0]?.id)
  })

  it('name the release that they made, and no later one', async () => {
    await catalog.begin('shop', operation(1))
    expect((await putBy(1, '1')).operation).toBe('op-1')
    expect((await put('a', '2')).operation).toBeUndefined()
  })

  it('are remembered for an hour at least, and not for ever', async () => {
    await catalog.begin('shop', operation(1))
    const first = await putBy(1, '1')
    await run(40, 'young')
    expect(await catalog.begin('shop', operation(2))).toEqual(first)
    time += 3_600_000
    await run(25, 'late')
    expect((await catalog.app('shop')).fences).toHaveLength(25)
    time += 3_600_000
    await run(1, 'later')
    expect((await catalog.app('shop')).fences).toHaveLength(21)
    await run(220, 'many')
    expect((await catalog.app('shop')).fences).toHaveLength(200)
  })

  it('that run for hours have their effect, however many others are run meanwhile', async () => {
    await catalog.begin('shop', operation(1))
    time += 61 * 60_000
    await run(25, 'other')
    await run(200, 'more')
    expect((await putBy(1, '1')).operation).toBe('op-1')
    expect(await versions('staging')).toEqual({ a: '1' })
  })

  it('that never end are forgotten after two days, and do not keep out those that had their effect', async () => {
    await catalog.begin('shop', operation(1))
    await run(20, 'done')
    for (let index = 0; index < 220; index++) await catalog.begin('shop', operation(1, `lost-${index}`))
    const { fences = [] } = await catalog.app('shop')
    expect(fences).toHaveLength(200)
    expect(fences.filter(({ release }) => release !== null)).toHaveLength(20)
    expect(fences.at(-1)?.operation).toBe('lost-219')
    time += 48 * 3_600_000
    await run(1, 'late')
    expect((await catalog.app('shop')).fences).toHaveLength(21)
    await expect(putBy(1, '1', 'lost-219')).rejects.toMatchObject({ code: 'precondition_failed' })
  })
})

it('reads releases of the time when all sources were files', async () => {
  const { staging } = await catalog.app('shop')
  const releases = store.collection<Release>({ name: 'releases', indexes: ['app'] })
  const kept = await releases.get(staging)
  const source = { name: 'a.csv', blob: 'b1', size: 1 }
  const domains = { a: { kind: 'stored', version: '1', source }, b: { kind: 'stored', version: '2', source: null } }
  await releases.replace({ ...kept?.doc, domains } as unknown as Release, kept?.version ?? 0)
  const fresh = createCatalog({ store, clock })
  expect((await fresh.current('shop', 'staging')).domains).toEqual({
    a: { kind: 'stored', version: '1', source: { kind: 'upload', ...source } },
    b: { kind: 'stored', version: '2', source: null },
  })
  const kept2 = await fresh.prune(10)
  expect([[...kept2.versions].sort(), [...kept2.blobs]]).toEqual([['1', '2'], ['b1']])
})

it('publishes no domain that was never read', async () => {
  const source = { kind: 'connection', connection: 'c', connector: 'http', query: {} } as const
  const unread: StoredDomain = { kind: 'stored', version: null, source }
  await put('a', '1')
  await catalog.edit('shop', ({ domains }) => ({ domains: { ...domains, unread } }), by)
  for (const request of [{}, { parts: ['data'] as const }, { domains: ['unread'] }]) {
    await expect(catalog.publish('shop', request, by)).rejects.toMatchObject({ code: 'not_loaded' })
  }
  await catalog.publish('shop', { domains: ['a'] }, by)
  await catalog.publish('shop', { parts: ['permissions'] }, by)
  expect(await versions('production')).toEqual({ a: '1' })
  const { versions: named, blobs } = await catalog.prune(10)
  expect([[...named], [...blobs]]).toEqual([['1'], ['blob-1']])
})

it('records who made a release from which', async () => {
  const first = await put('a', '1')
  const second = await catalog.edit('shop', () => ({}), { by: 'builder' })
  expect(second).toMatchObject({ parent: first.id, by: 'builder', app: 'shop', domains: first.domains })
})

it('prunes old releases and names what the others still need', async () => {
  for (const version of ['1', '2', '3', '4', '5']) await put('a', version)
  await catalog.publish('shop', {}, by)
  for (const version of ['6', '7', '8']) await put('a', version)
  await catalog.createApp({ id: 'gone', name: 'Gone', by: 'root' })
  await catalog.edit('gone', () => ({ domains: { x: domain('gone') } }), by)
  await store.collection({ name: 'apps' }).remove('gone')
  const { versions: kept, blobs } = await catalog.prune(2)
  // The pointers' releases (5 and 8) and the two newest others.
  expect([...kept].sort()).toEqual(['5', '6', '7', '8'])
  expect([...blobs].sort()).toEqual(['blob-5', 'blob-6', 'blob-7', 'blob-8'])
  expect(await versions('production')).toEqual({ a: '5' })
  expect(await versions('staging')).toEqual({ a: '8' })
  expect([...(await catalog.prune(0)).versions].sort()).toEqual(['5', '8'])
})

it('removes an app with its releases', async () => {
  await put('a', '1')
  await catalog.removeApp('shop')
  await expect(catalog.current('shop', 'staging')).rejects.toMatchObject({ code: 'not_found' })
  expect(await store.collection({ name: 'releases', indexes: ['app'] }).count()).toBe(0)
  await catalog.createApp({ id: 'shop', name: 'Shop', by: 'root' })
  expect(await versions('staging')).toEqual({})
})
