import { z } from 'zod'
import {
  choice,
  duration,
  folder,
  groupRegistry,
  host,
  hosts,
  integer,
  networks,
  secret,
  secrets,
  size,
  toggle,
} from './setting.ts'

const http = z
  .strictObject({
    host: host({
      description: 'The address to listen on. `0.0.0.0` listens on every network of the machine.',
      default: '127.0.0.1',
    }),
    port: integer({
      description: 'The port to listen on. 0 takes a free one, which the start line prints.',
      default: 8080,
      min: 0,
      max: 65535,
    }),
    trust_proxy: networks({
      description:
        'The reverse proxies whose `X-Forwarded-*` headers are believed. The throttle of sign-ins counts per client address, so behind a proxy this has to name it. Naming an address that is not a proxy of yours lets whoever has it pretend to be any client.',
      default: [],
      example: ['loopback', '10.0.0.0/8'],
    }),
    body_limit: size({
      description: 'The largest body of a request that is not an upload.',
      default: '1 MiB',
      min: '1 KiB',
      max: '64 MiB',
    }),
    upload_limit: size({
      description: 'The largest file that can be uploaded.',
      default: '512 MiB',
      min: '1 KiB',
      max: '1024 GiB',
    }),
    docs_page: toggle({ description: 'Whether `/docs` shows the description of the API.', default: true }),
  })
  .prefault({})
  .register(groupRegistry, { description: 'The web server.' })

const store = z
  .strictObject({
    kind: choice(['sqlite'], {
      description: 'Where users, groups, apps and releases are kept. `sqlite` needs no server.',
      default: 'sqlite',
    }),
  })
  .prefault({})
  .register(groupRegistry, { description: 'Documents: users, groups, apps, releases; and uploaded files.' })

const rows = z
  .strictObject({
    kind: choice(['duckdb'], {
      description: 'Where the rows of domains are kept. `duckdb` needs no server.',
      default: 'duckdb',
    }),
    memory_limit: size({
      description: 'The memory that DuckDB may use. Queries that need more write to disk.',
      default: '1 GiB',
      min: '64 MiB',
      max: '1024 GiB',
    }),
    threads: integer({
      description: 'How many threads DuckDB uses.',
      default: 2,
      min: 1,
      max: 256,
      of: 'threads',
    }),
  })
  .prefault({})
  .register(groupRegistry, { description: 'The rows of domains.' })

const bus = z
  .strictObject({
    kind: choice(['memory'], {
      description: 'What carries the cache, locks, counters and messages. `memory` serves a single process.',
      default: 'memory',
    }),
    cache_size: size({
      description:
        'The memory of the `memory` bus for what is to be found again for a while: answers to requests with an `Idempotency-Key`. What was not asked for longest is dropped first. Answers to queries have a memory of their own, `query.cache.memory`.',
      default: '64 MiB',
      min: '1 MiB',
      max: '1024 GiB',
    }),
  })
  .prefault({})
  .register(groupRegistry, { description: 'What requests share: cache, locks, counters, messages.' })

const cache = z
  .strictObject({
    status: choice(['enable', 'disable'], { description: 'Whether answers are cached.', default: 'enable' }),
    ttl: duration({
      description:
        'How long an answer is served from the cache, from the moment its reading began. Live domains and connections can have a shorter or longer one of their own.',
      default: '5 min',
      min: '1 s',
      max: '7 days',
    }),
    stale_while_revalidate: duration({
      description:
        'How much longer than `ttl` an answer is still served while it is read again in the background (`X-Cache: stale`). No answer is older than both together.',
      default: '0 s',
      min: '0 s',
      max: '7 days',
    }),
    min_time: duration({
      description:
        'Answers that took less to compute are kept only by the process that computed them, and not put into the cache that all processes share.',
      default: '50 ms',
      min: '0 s',
      max: '1 h',
    }),
    memory: size({
      description:
        'The memory of each process for cached answers, their compressed forms included. The ones that were not asked for longest are dropped first.',
      default: '64 MiB',
      min: '0 B',
      max: '1024 GiB',
    }),
    max_entry: size({
      description: 'The largest answer that is cached. Larger ones are computed each time.',
      default: '8 MiB',
      min: '1 KiB',
      max: '1 GiB',
    }),
    error_ttl: duration({
      description:
        'How long the error of a source that failed or took too long is given again without asking the source. `0 s` asks it each time.',
      default: '5 s',
      min: '0 s',
      max: '5 min',
    }),
    fresh_reads: integer({
      description:
        'How many reads a minute one user may force on one app with `Cache-Control: no-cache`. Beyond it, the header has no effect.',
      default: 30,
      min: 0,
      max: 100_000,
      of: 'reads',
    }),
  })
  .prefault({})
  .register(groupRegistry, { description: 'The cache of answers.' })

const query = z
  .strictObject({
    timeout: duration({
      description: 'How long a query may run before it is stopped with `query_timeout`.',
      default: '30 s',
      min: '100 ms',
      max: '1 h',
    }),
    max_rows: integer({
      description: 'The most rows in one answer. A longer one is cut and says so (`truncated`).',
      default: 100_000,
      min: 1,
      max: 10_000_000,
      of: 'rows',
    }),
    max_fetched_rows: integer({
      description:
        'The most rows that one query may bring from an engine into this process, for the steps that the engine cannot run itself.',
      default: 1_000_000,
      min: 1,
      max: 100_000_000,
      of: 'rows',
    }),
    max_native_rows: integer({
      description:
        'The most rows that the stages of a native MongoDB query may read or give where no MongoDB runs them. Each is held as an object.',
      default: 50_000,
      min: 1,
      max: 10_000_000,
      of: 'rows',
    }),
    max_steps: integer({
      description: 'The most steps in one pipeline, those of its nested pipelines included.',
      default: 200,
      min: 1,
      max: 10_000,
      of: 'steps',
    }),
    cache,
  })
  .prefault({})
  .register(groupRegistry, { description: 'Questions to the data.' })

const permissions = z
  .strictObject({
    when_unset: choice(['deny', 'allow'], {
      description: 'What is seen of a domain that has no permission record at all: nothing, or every row.',
      default: 'deny',
    }),
  })
  .prefault({})
  .register(groupRegistry, { description: 'Who sees which rows.' })

const throttle = z
  .strictObject({
    attempts: integer({
      description:
        'How many sign-ins of one user may fail within `window` before that user has to wait. From one address it is ten times as many.',
      default: 5,
      min: 1,
      max: 1000,
      of: 'attempts',
    }),
    window: duration({
      description: 'The time in which failed sign-ins are counted together.',
      default: '1 min',
      min: '1 s',
      max: '1 day',
    }),
    cool_down: duration({
      description: 'How long to wait after too many failures. Good passwords are refused too in that time.',
      default: '1 min',
      min: '1 s',
      max: '1 day',
    }),
  })
  .prefault({})
  .register(groupRegistry, { description: 'Against guessing passwords.' })

const password = z
  .strictObject({
    min_length: integer({
      description:
        'The shortest password that can be chosen; for administrators at least 12. Existing passwords stay valid.',
      default: 9,
      min: 8,
      max: 128,
      of: 'characters',
    }),
  })
  .prefault({})
  .register(groupRegistry, { description: 'Passwords.' })

const auth = z
  .strictObject({
    token_lifetime: duration({
      description: 'How long a token is valid after signing in.',
      default: '12 h',
      min: '1 min',
      max: '30 days',
    }),
    token_key: secret({
      description:
        'The key that signs tokens, for several instances that accept the same tokens. Without it, a key is made on the first start and kept in `keys/session.key` of `home`. Changing it ends every session.',
      minLength: 32,
    }),
    throttle,
    password,
  })
  .prefault({})
  .register(groupRegistry, { description: 'Signing in.' })

const uploads = z
  .strictObject({
    max_columns: integer({
      description: 'The most columns in an uploaded file.',
      default: 1000,
      min: 1,
      max: 10_000,
      of: 'columns',
    }),
  })
  .prefault({})
  .register(groupRegistry, { description: 'Uploaded files.' })

const connections = z
  .strictObject({
    allow: hosts({
      description:
        'Hosts and networks that connections may reach although they are not public. What is not listed is refused when it leads to an address of this machine, of a private network, or of a cloud’s own services.',
      default: [],
      example: ['db.internal', '10.20.0.0/16'],
    }),
    timeout: duration({
      description: 'How long the source of a connection may take for one query.',
      default: '30 s',
      min: '100 ms',
      max: '1 h',
    }),
    max_rows: integer({
      description:
        'The most rows that one query may bring into this process from a source that cannot run the whole query itself.',
      default: 1_000_000,
      min: 1,
      max: 100_000_000,
      of: 'rows',
    }),
    max_bytes: size({
      description: 'The largest answer that is taken from a source.',
      default: '256 MiB',
      min: '1 KiB',
      max: '16 GiB',
    }),
    concurrency: integer({
      description: 'How many queries run at the same time on one connection. More of them wait.',
      default: 4,
      min: 1,
      max: 100,
      of: 'queries',
    }),
    secrets_key: secret({
      description:
        'The key that encrypts the secrets of connections. Without it, a key is made on the first start and kept in `keys/secrets.key` of `home`. Before changing it, put the former key into `old_secrets_keys`.',
      minLength: 32,
    }),
    old_secrets_keys: secrets({
      description:
        'Former keys. Secrets that they encrypted are still read; whatever is saved is encrypted with the present key.',
      minLength: 32,
    }),
  })
  .prefault({})
  .register(groupRegistry, { description: 'Connections to sources of rows outside of Laputa.' })

const audit = z
  .strictObject({
    retention: duration({
      description:
        'How long entries of the audit log are kept. Older ones are removed at each start, and now and then while the server runs.',
      default: '730 days',
      min: '1 day',
      max: '36500 days',
    }),
  })
  .prefault({})
  .register(groupRegistry, { description: 'The audit log.' })

const log = z
  .strictObject({
    level: choice(['debug', 'info', 'warn', 'error', 'silent'], {
      description: 'The least severe messages that are written. The log is JSON, one object a line.',
      default: 'info',
    }),
  })
  .prefault({})
  .register(groupRegistry, { description: 'The log.' })

/** Every setting there is. A name here is the name in the file, in the environment and in the loaded `Config`. */
export const configSchema = z.strictObject({
  home: folder({
    description: 'The folder that holds everything that is kept: documents, rows, uploaded files, keys.',
    default: './var',
    example: '/srv/laputa',
  }),
  http,
  store,
  rows,
  bus,
  query,
  permissions,
  auth,
  uploads,
  connections,
  audit,
  log,
})

type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T

/** The loaded settings: durations in milliseconds, sizes in bytes, `home` absolute. */
export type Config = Frozen<z.output<typeof configSchema>>
