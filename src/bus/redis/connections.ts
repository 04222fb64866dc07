import { readFile } from 'node:fs/promises'
import type { ConnectionOptions } from 'node:tls'
import { Cluster, Redis, type RedisOptions } from 'ioredis'
import { Problem } from '../../base/index.ts'
import type { Config } from '../../config/index.ts'

export type RedisSettings = Config['redis']
export type Client = Redis | Cluster

/**
 * `commands`: fails at once while the server is away, so that what can be done without it goes on. `subscriber`: the same, for
 * messages only. `workers`: keeps commands until the server is back, as BullMQ needs it.
 */
export type Use = 'commands' | 'subscriber' | 'workers'

export interface Connections {
  /** Where the server is, for people: without user and password. */
  readonly address: string
  /** The setting that says where the server is, and the one with the password. */
  readonly setting: { readonly address: string; readonly password: string }
  /** A client that connects again and again, for ever: the first time when it is told to, one for workers at once. */
  open(use: Use): Client
}

const longestPauseMs = 3000

/** Some before and some after the others, so that a server that comes back is not run over. */
function pauseBefore(attempt: number): number {
  const pause = Math.min(longestPauseMs, 50 * 2 ** Math.min(attempt, 10))
  return Math.round(pause * (0.5 + Math.random() / 2))
}

/** Errors: `config_invalid` for settings that cannot be meant. */
export async function createConnections(settings: RedisSettings): Promise<Connections> {
  const certificates = await certificatesOf(settings.tls_ca_file)
  const tls: ConnectionOptions = certificates === undefined ? {} : { ca: certificates }
  if (settings.mode === 'single') return singleServer(settings, tls)
  const nodes = settings.nodes.map(nodeOf)
  if (nodes.length === 0) throw wrong('redis.nodes', `is empty, and \`redis.mode\` is \`${settings.mode}\``)
  const account: RedisOptions = {
    ...(settings.username ? { username: settings.username } : {}),
    ...(settings.password === undefined ? {} : { password: settings.password }),
    ...(settings.tls ? { tls } : {}),
  }
  return {
    address: settings.nodes.join(', '),
    setting: { address: 'redis.nodes', password: 'redis.password' },
    open: (use) =>
      settings.mode === 'cluster'
        ? openCluster(nodes, { ...account, ...optionsOf(use, settings) })
        : new Redis({
            ...{ ...account, ...optionsOf(use, settings), sentinels: nodes, name: settings.sentinel_name },
            ...{ db: settings.database, sentinelRetryStrategy: pauseBefore },
            ...(settings.tls ? { enableTLSForSentinelMode: true, sentinelTLS: tls } : {}),
          }),
  }
}

function singleServer(settings: RedisSettings, tls: ConnectionOptions): Connections {
  const { url, ...server } = serverOf(settings.url)
  return {
    address: url.host,
    setting: { address: 'redis.url', password: 'redis.url' },
    open: (use) =>
      new Redis({
        ...server,
        ...(url.protocol === 'rediss:' ? { tls: { servername: server.host, ...tls } } : {}),
        ...optionsOf(use, settings),
      }),
  }
}

function openCluster(nodes: { host: string; port: number }[], options: RedisOptions): Client {
  const { enableAutoPipelining = false, enableOfflineQueue = true, lazyConnect = false, ...redisOptions } = options
  return new Cluster(nodes, {
    redisOptions,
    enableAutoPipelining,
    enableOfflineQueue,
    lazyConnect,
    clusterRetryStrategy: pauseBefore,
    // A certificate names hosts: they must not be made into addresses before it is looked at.
    ...(options.tls ? { dnsLookup: (host, found) => found(null, host) } : {}),
  })
}

function optionsOf(use: Use, settings: RedisSettings): RedisOptions {
  const common: RedisOptions = {
    connectTimeout: settings.connect_timeout,
    retryStrategy: pauseBefore,
    keepAlive: 30_000,
    // Every server that speaks the protocol knows this version of it.
    protocol: 2,
    disableClientInfo: true,
  }
  if (use === 'workers') return { ...common, maxRetriesPerRequest: null, socketTimeout: blockedAtMostMs }
  return {
    ...common,
    lazyConnect: true,
    commandTimeout: settings.command_timeout,
    // A connection that gives nothing for so long is taken for lost, and made anew.
    socketTimeout: Math.max(5000, 2 * settings.command_timeout),
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    autoResubscribe: false,
    enableAutoPipelining: use === 'commands',
  }
}

/** Twice as long as the blocking commands of BullMQ take at most. */
const blockedAtMostMs = 20_000

function serverOf(text: string | undefined) {
  if (text === undefined) throw wrong('redis.url', 'is missing: give the address of the server')
  // The text may hold a password: no message has it.
  if (!URL.canParse(text)) throw wrong('redis.url', 'is not an address such as redis://host:6379/0')
  const url = new URL(text)
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:') {
    throw wrong('redis.url', 'must begin with `redis://` or `rediss://`')
  }
  const database = url.pathname.replace('/', '')
  if (!/^\d{0,4}$/.test(database)) throw wrong('redis.url', 'must end with the number of a database, or without one')
  return {
    url,
    host: url.hostname.replace(/^\[(.*)\]$/, '$1') || '127.0.0.1',
    port: Number(url.port || 6379),
    db: Number(database),
    ...(url.username ? { username: decoded(url.username) } : {}),
    ...(url.password ? { password: decoded(url.password) } : {}),
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw wrong('redis.url', 'has a `%` in its user or password that stands for nothing: write it as `%25`')
  }
}

function nodeOf(text: string): { host: string; port: number } {
  const colon = text.lastIndexOf(':')
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) }
}

async function certificatesOf(file: string): Promise<Buffer | undefined> {
  if (file === '') return undefined
  try {
    return await readFile(file)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw wrong('redis.tls_ca_file', `cannot be read: ${reason}`)
  }
}

function wrong(path: string, message: string): Problem {
  return new Problem('config_invalid', `\`${path}\` ${message}.`, { errors: [{ path, message }] })
}
