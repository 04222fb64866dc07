import { hkdfSync } from 'node:crypto'
import { isProblem, type Log, Problem, sha256 } from '../base/index.ts'
import type { Config } from '../config/index.ts'
import type { Store } from '../store/index.ts'
import { loadSecretsKey } from './secrets-key.ts'
import { loadSessionKey } from './session-key.ts'

export interface SharedKeysDeps {
  readonly store: Store
  readonly home: string
  readonly settings: Pick<Config, 'auth' | 'connections'>
  readonly log: Log
}

/** A key as the store knows it: enough to tell another one from it, not enough to use it. */
interface KnownKey {
  readonly id: 'session' | 'secrets'
  readonly fingerprint: string
}

interface OwnKey extends KnownKey {
  readonly setting: 'auth.token_key' | 'connections.secrets_key'
  /** Whether the setting gave it: then somebody chose it, and it may follow another one. */
  readonly chosen: boolean
}

/**
 * Where several machines share a store, they have to share the keys too: with different ones a session of one machine is worth nothing
 * on the next, and what one encrypts the next cannot read. Keeps a fingerprint of each key in the store, and refuses a key that was
 * made on this machine when another one is known. Errors: `config_invalid`, naming the setting.
 */
export async function agreeOnKeys({ store, home, settings, log }: SharedKeysDeps): Promise<void> {
  if (!store.shared) return
  const known = store.collection<KnownKey>({ name: 'keys' })
  for (const { setting, chosen, ...key } of await ownKeys(home, settings)) {
    await known.insert(key).catch((error: unknown) => {
      // Another process was first: it may have another key.
      if (!isProblem(error, 'conflict')) throw error
    })
    const before = await known.get(key.id)
    if (!before || before.doc.fingerprint === key.fingerprint) continue
    if (!chosen) throw otherKey(home, key.id, setting)
    log.warn(
      { setting },
      'is another key than the processes of this instance used last; set it to the same one for all',
    )
    await known.replace(key, before.version).catch((error: unknown) => {
      if (!isProblem(error, 'precondition_failed')) throw error
    })
  }
}

async function ownKeys(home: string, { auth, connections }: SharedKeysDeps['settings']): Promise<readonly OwnKey[]> {
  const session = await loadSessionKey({ home, configured: auth.token_key })
  const configured = connections.secrets_key
  const secrets = await loadSecretsKey({ home, configured })
  return [
    ownKey('session', session, { setting: 'auth.token_key', chosen: auth.token_key !== undefined }),
    ownKey('secrets', secrets, { setting: 'connections.secrets_key', chosen: configured !== undefined }),
  ]
}

function ownKey(id: KnownKey['id'], key: Buffer, about: Pick<OwnKey, 'setting' | 'chosen'>): OwnKey {
  const derived = Buffer.from(hkdfSync('sha256', key, '', `laputa fingerprint of the ${id} key`, 32))
  return { id, fingerprint: sha256(derived).slice(0, 16), ...about }
}

function otherKey(home: string, id: KnownKey['id'], setting: OwnKey['setting']): Problem {
  const file = `keys/${id}.key`
  const message = `The key in ${home}/${file} is not the one that other machines of this instance use: set \`${setting}\` to the same value on all of them, or copy ${file} from the machine that was started first.`
  return new Problem('config_invalid', message, { errors: [{ path: setting, message }] })
}
