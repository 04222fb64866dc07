import { randomBytes } from 'node:crypto'
import { link, mkdir, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { newSecret, Problem } from '../base/index.ts'

const keyBytes = 32

export interface KeyFile {
  readonly home: string
  /** The file is `<home>/keys/<name>.key`. */
  readonly name: string
  /** What removing the file does, as in "remove it to …". */
  readonly removing: string
}

/**
 * 32 random bytes in a file that only its owner can read, made on the first start. Errors: `config_invalid` for a file that others
 * can read or that has another length.
 */
export async function loadKeyFile(wanted: KeyFile): Promise<Buffer> {
  const folder = join(wanted.home, 'keys')
  const path = join(folder, `${wanted.name}.key`)
  const existing = await readKeyFile(wanted)
  if (existing) return existing
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeKey(folder, wanted.name)
  const made = await readKeyFile(wanted)
  if (!made) throw new Problem('config_invalid', `The key file ${path} went away while it was being made.`)
  return made
}

/** As `loadKeyFile`, but null when there is no file: none is made. */
export async function readKeyFile({ home, name, removing }: KeyFile): Promise<Buffer | null> {
  const path = join(home, 'keys', `${name}.key`)
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
        `The key file ${path} has ${key.length} bytes instead of ${keyBytes}; restore it, or remove it to ${removing}.`,
      )
    }
    return key
  } finally {
    await file.close()
  }
}

/** Processes may start together: the first link wins, and nobody ever reads half a key. */
async function writeKey(folder: string, name: string): Promise<void> {
  const draft = join(folder, `.${name}.key.${newSecret(8)}`)
  const file = await open(draft, 'wx', 0o600)
  try {
    await file.writeFile(randomBytes(keyBytes))
    await file.sync()
  } finally {
    await file.close()
  }
  try {
    await link(draft, join(folder, `${name}.key`))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await unlink(draft)
  }
}
