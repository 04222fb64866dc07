import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { canonicalJson, Problem, sha256 } from '../base/index.ts'
import { readKeyFile } from './key-file.ts'
import { loadSecretsKey, type SecretsKeyOptions, secretsKeyFile } from './secrets-key.ts'

/**
 * Where a secret stands, from the outermost name to the field: `['connections', app, id, 'password']`. A text that was sealed for
 * one place opens at no other one, so nobody can copy it into a document that they may read or use.
 */
export type SecretPlace = readonly string[]

/** Keeps texts that nobody may read from the store: AES-256-GCM, each with a nonce of its own. */
export interface SecretBox {
  seal(text: string, place: SecretPlace): string
  /**
   * Errors: `config_invalid` when it was sealed with a key that is not at hand; `storage_failed` when it is damaged or was sealed
   * for another place.
   */
  open(sealed: string, place: SecretPlace): string
}

export interface SecretBoxOptions extends SecretsKeyOptions {
  /** `connections.old_secrets_keys`: only to open what was sealed with them. */
  readonly old?: readonly string[] | undefined
}

const algorithm = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16
/** Stands at the start of each sealed text, so that a later form can be told from this one. */
const version = 'v1'

interface Key {
  readonly id: string
  readonly bytes: Buffer
}

/**
 * Seals with the configured key or, without one, with the file's, which is made on the first start. Opens what either of them or an
 * old key sealed: a file that is still there when a key is configured counts as an old key. Errors: those of `loadKeyFile`.
 */
export async function createSecretBox({ home, configured, old = [] }: SecretBoxOptions): Promise<SecretBox> {
  const current = keyOf(await loadSecretsKey({ home, configured }))
  const left = configured === undefined ? null : await readKeyFile(secretsKeyFile(home))
  const former = [...(left ? [left] : []), ...old.map((text) => Buffer.from(text, 'utf8'))].map(keyOf)
  const keys = new Map([...former, current].map((key) => [key.id, key]))
  return {
    seal: (text, place) => seal(current, text, place),
    open: (sealed, place) => open(keys, sealed, place),
  }
}

/** What is configured may be any text, and the same one may serve elsewhere: the key proper is derived, for this use only. */
function keyOf(material: Buffer): Key {
  const bytes = Buffer.from(hkdfSync('sha256', material, '', 'laputa secret box v1', 32))
  return { id: sha256(Buffer.concat([Buffer.from('laputa key id'), bytes])).slice(0, 12), bytes }
}

function seal(key: Key, text: string, place: SecretPlace): string {
  const head = `${version}.${key.id}`
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv(algorithm, key.bytes, nonce)
  cipher.setAAD(associated(head, place))
  const content = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return `${head}.${Buffer.concat([nonce, cipher.getAuthTag(), content]).toString('base64url')}`
}

function open(keys: ReadonlyMap<string, Key>, sealed: string, place: SecretPlace): string {
  const [form, id = '', payload = '', ...more] = sealed.split('.')
  const bytes = Buffer.from(payload, 'base64url')
  if (form !== version || more.length > 0 || bytes.length < nonceBytes + tagBytes) throw damaged(place)
  const key = keys.get(id)
  if (!key) throw unknownKey(id, place)
  const decipher = createDecipheriv(algorithm, key.bytes, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes })
  decipher.setAAD(associated(`${form}.${id}`, place))
  decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes))
  try {
    return decipher.update(bytes.subarray(nonceBytes + tagBytes), undefined, 'utf8') + decipher.final('utf8')
  } catch (cause) {
    throw damaged(place, cause)
  }
}

function associated(head: string, place: SecretPlace): Buffer {
  return Buffer.from(canonicalJson([head, ...place]))
}

function unknownKey(id: string, place: SecretPlace): Problem {
  return new Problem(
    'config_invalid',
    `The secret ${place.join('/')} was encrypted with another key (${id}) than connections.secrets_key or keys/secrets.key. ` +
      'Put that key back, add it to connections.old_secrets_keys, or set the secret again.',
  )
}

function damaged(place: SecretPlace, cause?: unknown): Problem {
  const detail = `The secret ${place.join('/')} is damaged, or was copied from another place. Set it again.`
  return new Problem('storage_failed', detail, { cause })
}
