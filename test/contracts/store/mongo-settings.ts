import { type Config, loadConfig } from '../../../src/config/index.ts'

/** The settings of MongoDB, by default but for these. */
export function mongoSettings(changes: Partial<Config['mongo']>): Config['mongo'] & { readonly url: string } {
  const { mongo } = loadConfig({ env: {}, cwd: '/nowhere' })
  return { ...mongo, url: '', ...changes }
}
