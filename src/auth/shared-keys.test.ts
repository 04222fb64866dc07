import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { silentLog, systemClock } from '../base/index.ts'
import { loadConfig } from '../config/index.ts'
import { openStore, type Store } from '../store/index.ts'
import { agreeOnKeys } from './index.ts'

let folder: string
let store: Store
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'laputa-keys-'))
  const own = await openStore({ kind: 'sqlite', home: join(folder, 'store') }, { clock: systemClock, log: silentLog })
  // As MongoDB is: several machines, each with a home of its own, write to one store.
  store = { ...own, shared: true }
})
afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

const session = { LAPUTA_AUTH__TOKEN_KEY: 'a session key of more than 32 characters' }
const secrets = { LAPUTA_CONNECTIONS__SECRETS_KEY: 'a secrets key of more than 32 characters' }

function agree(machine: string, env: Record<string, string> = {}, shared = true) {
  const warnings: object[] = []
  const log = { ...silentLog, warn: (fields: object) => void warnings.push(fields) }
  const settings = loadConfig({ env })
  return agreeOnKeys({ store: { ...store, shared }, home: join(folder, machine), settings, log }).then(() => warnings)
}

it('refuses a machine that made keys of its own, naming the setting', async () => {
  await agree('one')
  await agree('one')
  await expect(agree('two')).rejects.toMatchObject({ code: 'config_invalid', errors: [{ path: 'auth.token_key' }] })
  await expect(agree('two', session)).rejects.toMatchObject({ errors: [{ path: 'connections.secrets_key' }] })
  const error = await agree('two').catch((problem: Error) => problem)
  expect(String(error)).toContain('copy keys/session.key from the machine that was started first')
})

it('lets machines in whose settings give the keys, and warns of one that differs', async () => {
  expect(await agree('one', { ...session, ...secrets })).toEqual([])
  expect(await agree('two', { ...session, ...secrets })).toEqual([])
  const other = { ...session, LAPUTA_CONNECTIONS__SECRETS_KEY: 'another key of more than 32 characters' }
  expect(await agree('two', other)).toEqual([{ setting: 'connections.secrets_key' }])
  expect(await agree('two', other)).toEqual([])
})

it('is one of several that start first at the same time', async () => {
  const outcomes = await Promise.allSettled(['one', 'two', 'three'].map((machine) => agree(machine)))
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
})

it('keeps nothing that helps to guess a key, and nothing where one process has the store to itself', async () => {
  await agree('one', {}, false)
  const kept = store.collection<{ id: string; fingerprint: string }>({ name: 'keys' })
  expect(await kept.find()).toEqual([])
  await agree('one', session)
  for (const { doc } of await kept.find()) expect(doc.fingerprint).toMatch(/^[0-9a-f]{16}$/)
})
