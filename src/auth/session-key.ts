import { loadKeyFile } from './key-file.ts'

export interface SessionKeyOptions {
  readonly home: string
  /** `auth.token_key`: used instead of the file. */
  readonly configured?: string | undefined
}

/** The key that signs session tokens: `<home>/keys/session.key`. Errors: those of `loadKeyFile`. */
export async function loadSessionKey({ home, configured }: SessionKeyOptions): Promise<Buffer> {
  if (configured !== undefined) return Buffer.from(configured, 'utf8')
  return loadKeyFile({ home, name: 'session', removing: 'end every session' })
}
