import type { MongoClientOptions } from 'mongodb'
import { Problem } from '../base/index.ts'
import type { Config } from './schema.ts'

type MongoSettings = Config['mongo']

/** What `new MongoClient(url, options)` takes. The URL has a password in it: it must not be shown or logged. */
export interface MongoConnection {
  readonly url: string
  readonly database: string
  readonly options: MongoClientOptions
}

/** The oldest version that has what both rooms use. */
const oldestVersion = 5

/**
 * The settings as options of the official driver. Writes wait for the majority, and are tried again once after a lost connection.
 * Errors: `config_invalid`, with the settings in `errors`.
 */
export function mongoOptions(settings: MongoSettings): MongoConnection {
  const { url, database } = settings
  if (url === undefined) {
    throw invalid('mongo.url', 'Set it to the address of the server, or let `store.kind` and `rows.kind` be others.')
  }
  if (!/^mongodb(\+srv)?:\/\//.test(url)) {
    throw invalid('mongo.url', 'It must begin with `mongodb://` or `mongodb+srv://`.')
  }
  if (settings.min_pool > settings.max_pool) throw invalid('mongo.min_pool', 'It must not be above `mongo.max_pool`.')
  const options: MongoClientOptions = {
    appName: 'laputa',
    maxPoolSize: settings.max_pool,
    minPoolSize: settings.min_pool,
    readPreference: settings.read_preference,
    connectTimeoutMS: settings.connect_timeout,
    serverSelectionTimeoutMS: settings.server_timeout,
    socketTimeoutMS: settings.socket_timeout,
    writeConcern: { w: 'majority' },
    retryWrites: true,
    retryReads: true,
    ...tlsOptions(settings),
  }
  return { url, database, options }
}

/** `false` is left out: it would also switch off what the URL asks for. */
function tlsOptions({ tls, tls_ca_file, tls_certificate_file }: MongoSettings): MongoClientOptions {
  return {
    ...(tls && { tls: true }),
    ...(tls_ca_file !== '' && { tlsCAFile: tls_ca_file }),
    ...(tls_certificate_file !== '' && { tlsCertificateKeyFile: tls_certificate_file }),
  }
}

/** Errors: `config_invalid` for a server that is older than what is needed. `version` is what `buildInfo` answers. */
export function checkMongoVersion(version: unknown): void {
  if (Number.parseInt(String(version), 10) >= oldestVersion) return
  throw invalid(
    'mongo.url',
    `The server is MongoDB ${String(version)}, and MongoDB ${oldestVersion} or later is needed. Upgrade it, or name another one.`,
  )
}

/**
 * The one answer to an error of the driver that the caller does not expect. What a change of a setting mends is `config_invalid`;
 * what may go away by itself is `storage_failed`. Both name the setting where there is one. Problems pass as they are.
 */
export function mongoProblem(error: unknown, settings: MongoSettings): Problem {
  if (error instanceof Problem) return error
  const chain = causesOf(error)
  const finding = chain.map((link) => findingOf(link, settings)).find((found) => found !== undefined)
  if (finding !== undefined) return finding
  return new Problem('storage_failed', 'MongoDB failed. The log has the cause.', { cause: error })
}

interface Link {
  readonly name: string
  readonly code: unknown
  readonly path: unknown
  readonly message: string
}

/** An error and those behind it, the innermost first: it says what really happened. */
function causesOf(error: unknown): Link[] {
  const links: Link[] = []
  let next: unknown = error
  while (next instanceof Error && links.length < 10) {
    const { code, path } = next as { code?: unknown; path?: unknown }
    links.unshift({ name: next.name, code, path, message: next.message })
    next = next.cause ?? reasonOf(next)
  }
  return links
}

/** When no server can be selected, the driver keeps what each of them said in a description of all servers. */
function reasonOf(error: Error): unknown {
  const reason: unknown = 'reason' in error ? error.reason : undefined
  const servers: unknown = typeof reason === 'object' && reason !== null && 'servers' in reason ? reason.servers : null
  if (!(servers instanceof Map)) return undefined
  const errors = [...servers.values()].map((server: { readonly error?: unknown }) => server.error)
  return errors.find((found) => found instanceof Error)
}

const badCredentials = new Set<unknown>([18, 8000, 'AuthenticationFailed'])
const unreachable = new Set<unknown>(
  'ECONNREFUSED ECONNRESET ENOTFOUND EAI_AGAIN EHOSTUNREACH ENETUNREACH ETIMEDOUT EPIPE ENODATA'.split(' '),
)
const tlsPattern = /certificate|\bssl\b|\btls\b|wrong version number|packet length too long/i
const tlsCodePattern = /^(ERR_TLS|ERR_SSL|EPROTO|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_(GET|VERIFY))/
const addressErrors = new Set(['MongoParseError', 'MongoInvalidArgumentError', 'MongoAPIError', 'URIError'])
const unreachableNames = new Set(
  'MongoNetworkError MongoNetworkTimeoutError MongoPoolClearedError MongoServerSelectionError'.split(' '),
)

function findingOf({ name, code, path, message }: Link, settings: MongoSettings): Problem | undefined {
  const about = (setting: string, what: string) => invalid(setting, what)
  if (typeof path === 'string' && path === settings.tls_ca_file) return about('mongo.tls_ca_file', unreadable(path))
  if (typeof path === 'string' && path === settings.tls_certificate_file) {
    return about('mongo.tls_certificate_file', unreadable(path))
  }
  if (badCredentials.has(code)) return about('mongo.url', 'The server refuses the user name or the password in it.')
  if (name === 'MongoMissingCredentialsError') return about('mongo.url', 'The user name or the password is missing.')
  if (code === 13) {
    const right = `Give the user of \`mongo.url\` the role readWrite on the database "${settings.database}"`
    return about('mongo.database', `${right}, or name another database.`)
  }
  if (/wire version/.test(message)) {
    return about('mongo.url', `The server’s version does not fit: MongoDB ${oldestVersion} or later is needed.`)
  }
  if (tlsCodePattern.test(String(code)) || (name !== 'MongoServerError' && tlsPattern.test(message))) {
    return tlsProblem(settings, message)
  }
  // Without its cause: that may quote the address, and so the password.
  if (code === 'ERR_INVALID_URL' || addressErrors.has(name)) {
    return about('mongo.url', 'The driver cannot read it. Write special characters in name and password as `%40`.')
  }
  if (code === 14031) return new Problem('storage_failed', 'The disk of the MongoDB server is full. Free some space.')
  if (unreachable.has(code) || unreachableNames.has(name)) return unreachableProblem(settings)
  return undefined
}

const unreadable = (path: string) => `The file ${path} cannot be read. Correct the path, or the rights of the file.`

function tlsProblem({ tls_ca_file }: MongoSettings, message: string): Problem {
  if (!/certificate|self-signed|CA cert/i.test(message)) {
    return invalid('mongo.tls', 'The server and this program do not agree whether, or how, to encrypt.')
  }
  const which = tls_ca_file === '' ? 'the authorities of the system do not vouch' : `${tls_ca_file} does not vouch`
  return invalid('mongo.tls_ca_file', `The server’s certificate is refused: ${which} for it, or it names another host.`)
}

function unreachableProblem(settings: MongoSettings): Problem {
  const message =
    `MongoDB does not answer at ${hostsOf(settings.url)}. Start it, let its network in, or correct \`mongo.url\`; ` +
    'a server that only takes encrypted connections needs `mongo.tls`.'
  return new Problem('storage_failed', message, { errors: [{ path: 'mongo.url', message: 'Nobody answers there.' }] })
}

/** The hosts alone: without user, password and options. */
function hostsOf(url: string | undefined): string {
  return /^mongodb(?:\+srv)?:\/\/(?:[^/]*@)?([^/?@]+)/.exec(url ?? '')?.[1] ?? 'its address'
}

function invalid(path: string, message: string): Problem {
  return new Problem('config_invalid', `The setting \`${path}\` does not fit. ${message}`, {
    errors: [{ path, message }],
  })
}
