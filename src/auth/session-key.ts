import { randomBytes } from 'node:crypto'
import { link, mkdir, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { newSecret, Problem } from '../base/index.ts'

const keyBytes = 32

export interface SessionKeyOptions {
  readonly home: string
  /** `auth.token_key`: used instead of the file. */
  readonly configured?: string | undefined
}

/**
 * The key that signs session tokens: `<home>/keys/session.key`, 32 random bytes that only their owner can read, made on the first
 * start. Errors: `config_invalid` for a file that others can read or that has another length.
 */
export async function loadSessionKey({ home, configured }: SessionKeyOptions): Promise<Buffer> {
  if (configured !== undefined) return Buffer.from(configured, 'utf8')
  const folder = join(home, 'keys')
  const path = join(folder, 'session.key')
  const existing = await readKey(path)
  if (existing) return existing
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeKey(folder, path)
  const made = await readKey(path)
  if (!made) throw new Problem('config_invalid', `The key file ${path} went away while it was being made.`)
  return made
}

async function readKey(path: string): Promise<Buffer | null> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw new Problem('config_invalid', `The key file ${path} cannot be read (${error.code}).`, { cause: error })
  })
  if (!file) return null
  try {
    const { mode } = await file.stat()
    // Windows has no such rights: what it reports says nothing.
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new Problem('config_invalid', `The key file ${path} can be read by others; run \`chmod 600 ${path}\`.`)
    }
    const key = await file.readFile()
    if (key.length !== keyBytes) {
      throw new Problem(
        'config_invalid',
        `The key file ${path} has ${key.length} bytes instead of ${keyBytes}; restore it, or remove it to end every session.`,
      )
    }
    return key
  } finally {
    await file.close()
  }
}

/** Processes may start together: the first link wins, and nobody ever reads half a key. */
async function writeKey(folder: string, path: string): Promise<void> {
  const draft = join(folder, `.session.key.${newSecret(8)}`)
  const file = await open(draft, 'wx', 0o600)
  try {
    await file.writeFile(randomBytes(keyBytes))
    await file.sync()
  } finally {
    await file.close()
  }
  try {
    await link(draft, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await unlink(draft)
  }
}
