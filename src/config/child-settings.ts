import { Problem } from '../base/index.ts'
import type { Environment } from './environment.ts'
import type { Config } from './schema.ts'

/** What a process for heavy work is told of the configuration: what it needs to read sources and to write rows, and no key. */
export type ChildSettings = Pick<Config, 'home' | 'rows' | 'uploads' | 'mongo' | 'log'> & {
  readonly connections: Pick<Config['connections'], 'allow'>
}

const variable = 'LAPUTA_CHILD'

/** What the libraries and the system go by. */
const passedOn = [
  'PATH',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'LD_LIBRARY_PATH',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_DIR',
  'SSL_CERT_FILE',
  'UV_THREADPOOL_SIZE',
]

/** The whole environment of such a process. */
export function childEnvironment(config: Config, env: Environment = process.env): Record<string, string> {
  const { home, rows, uploads, mongo, log, connections } = config
  const { url: _, ...withoutUrl } = mongo
  const settings: ChildSettings = {
    ...{ home, rows, uploads, log },
    mongo: rows.kind === 'mongo' ? mongo : withoutUrl,
    connections: { allow: connections.allow },
  }
  const kept = passedOn.flatMap((name): [string, string][] => {
    const value = env[name]
    return value === undefined ? [] : [[name, value]]
  })
  return { ...Object.fromEntries(kept), [variable]: JSON.stringify(settings) }
}

/** The other side of `childEnvironment`. Errors: `config_invalid` in a process that was not started by another one. */
export function readChildSettings(env: Environment = process.env): ChildSettings {
  const text = env[variable]
  if (text === undefined) throw new Problem('config_invalid', 'This program is started by a worker, not by hand.')
  return JSON.parse(text) as ChildSettings
}
