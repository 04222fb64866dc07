import { type KeyFile, loadKeyFile } from './key-file.ts'

export interface SecretsKeyOptions {
  readonly home: string
  /** `connections.secrets_key`: used instead of the file. */
  readonly configured?: string | undefined
}

/** `<home>/keys/secrets.key`. */
export function secretsKeyFile(home: string): KeyFile {
  return { home, name: 'secrets', removing: 'lose every kept secret' }
}

/** The key that secrets in the store are sealed with. Errors: those of `loadKeyFile`. */
export async function loadSecretsKey({ home, configured }: SecretsKeyOptions): Promise<Buffer> {
  return configured === undefined ? loadKeyFile(secretsKeyFile(home)) : Buffer.from(configured, 'utf8')
}
