import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { silentLog, systemClock } from '../../base/index.ts'
import { type Catalog, createCatalog, type LiveDomain } from '../../catalog/index.ts'
import { loadConfig } from '../../config/index.ts'
import { connectors } from '../../connectors/index.ts'
import { openStore, type Store } from '../../store/index.ts'
import { type OpenedConnections, openConnections } from './open-connections.ts'

let home: string
let store: Store
let catalog: Catalog
let opened: OpenedConnections | undefined

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'laputa-connections-'))
  store = await openStore({ kind: 'sqlite', home }, { clock: systemClock, log: silentLog })
  catalog = createCatalog({ store, clock: systemClock })
  await catalog.createApp({ id: 'shop', name: 'Shop', by: 'root' })
})
afterEach(async () => {
  await opened?.close()
  await store.close()
  rmSync(home, { recursive: true, force: true })
})

async function open(env: Record<string, string> = {}): Promise<OpenedConnections> {
  await opened?.close()
  const settings = loadConfig({ env, cwd: home }).connections
  opened = await openConnections({ store, catalog, home, settings, clock: systemClock, log: silentLog })
  return opened
}
const postgres = { host: 'db.example.com', user: 'u', password: 'hunter2' }
const create = async (name = 'pg') => {
  const { connections } = opened ?? (await open())
  return (await connections.create('root', 'shop', { name, type: 'postgres', config: postgres })).connection.id
}
const key = (letter: string) => letter.repeat(32)

it('knows which domains read a connection, at both stages', async () => {
  const id = await create()
  const { connections } = await open()
  const live: LiveDomain = { kind: 'live', connection: id, connector: 'postgres', query: { table: 't' }, ttlMs: null }
  const put = (domains: Record<string, LiveDomain>) => catalog.edit('shop', () => ({ domains }), { by: 'root' })
  await put({ sales: live, other: { ...live, connection: 'another' } })
  await expect(connections.remove({ app: 'shop', id })).rejects.toMatchObject({
    code: 'in_use',
    errors: [{ message: 'The domain "sales" in staging reads it.' }],
  })
  await catalog.publish('shop', {}, { by: 'root' })
  await put({})
  await expect(connections.remove({ app: 'shop', id })).rejects.toMatchObject({
    errors: [{ message: 'The domain "sales" in production reads it.' }],
  })
  await catalog.publish('shop', {}, { by: 'root' })
  await connections.remove({ app: 'shop', id })
  await expect(connections.get('shop', id)).rejects.toMatchObject({ code: 'not_found' })
})

it('cannot be used with another key, says so, and can be rotated', async () => {
  await open({ LAPUTA_CONNECTIONS__SECRETS_KEY: key('a') })
  const id = await create()
  const lost = await open({ LAPUTA_CONNECTIONS__SECRETS_KEY: key('b') })
  await expect(lost.connections.resolve('shop', id)).rejects.toMatchObject({
    code: 'config_invalid',
    message: expect.stringContaining('connections.old_secrets_keys'),
  })
  expect((await lost.connections.get('shop', id)).connection.secrets).toEqual({ password: true })
  const both = await open({
    LAPUTA_CONNECTIONS__SECRETS_KEY: key('b'),
    LAPUTA_CONNECTIONS__OLD_SECRETS_KEYS: `${key('c')},${key('a')}`,
  })
  expect((await both.connections.resolve('shop', id)).config.password).toBe('hunter2')
  // Saving it, whatever is changed, encrypts it anew.
  await both.connections.change('root', { app: 'shop', id }, { change: {} })
  const rotated = await open({ LAPUTA_CONNECTIONS__SECRETS_KEY: key('b') })
  expect((await rotated.connections.resolve('shop', id)).config.password).toBe('hunter2')
})

it('does not start with a key file that others can read', async () => {
  await open()
  chmodSync(join(home, 'keys/secrets.key'), 0o640)
  await expect(open()).rejects.toMatchObject({ code: 'config_invalid', message: expect.stringContaining('chmod 600') })
})

it('is refused an address of this machine, unless it is allowed', async () => {
  const { connections } = await open()
  const { id } = (
    await connections.create('root', 'shop', {
      name: 'x',
      type: 'postgres',
      config: { ...postgres, host: '127.0.0.1', port: 9 },
    })
  ).connection
  const status = async () => {
    const { connection } = await (opened as OpenedConnections).pool.open('shop', id)
    return connection.status(new AbortController().signal)
  }
  expect(await status()).toMatchObject({ ok: false, error: expect.stringContaining('private or reserved') })
  await open({ LAPUTA_CONNECTIONS__ALLOW: '127.0.0.0/8' })
  const allowed = await status()
  expect(allowed).toMatchObject({ ok: false, error: expect.not.stringContaining('private or reserved') })
  expect(JSON.stringify(allowed)).not.toContain('hunter2')
})

it.each([...connectors.keys()])(
  'the connector "%s" takes no field that it does not know, and has secrets',
  async (type) => {
    const { connections } = await open()
    const connector = connectors.get(type)!
    const refused = await connections
      .create('root', 'shop', { name: 'x', type, config: { pasword: 'MARKER' } })
      .catch((error: unknown) => error)
    expect(refused).toMatchObject({
      code: 'invalid_request',
      errors: expect.arrayContaining([expect.objectContaining({ path: '/config/pasword' })]),
    })
    expect(JSON.stringify(refused) + String(refused)).not.toContain('MARKER')
    expect(connector.secrets.length).toBeGreaterThan(0)
  },
)
