import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { silentLog } from '../base/index.ts'
import { openStore, type Store } from '../store/index.ts'
import { type Catalog, createCatalog } from './catalog.ts'
import type { StoredDomain } from './release.ts'

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
  source: { name: 'a.csv', blob: `blob-${version}`, size: 1 },
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
