import { z } from 'zod'
import { choice, groupRegistry, integer, size } from '../setting.ts'

export const store = z
  .strictObject({
    kind: choice(['sqlite', 'mongo'], {
      description:
        'Where users, groups, apps, releases and uploaded files are kept. `sqlite` needs no server and serves one process.',
      default: 'sqlite',
    }),
  })
  .prefault({})
  .register(groupRegistry, { description: 'Documents: users, groups, apps, releases; and uploaded files.' })

export const rows = z
  .strictObject({
    kind: choice(['duckdb', 'mongo'], {
      description:
        'Where the rows of domains are kept. `duckdb` needs no server; several processes can share its files on one machine. `mongo` keeps a collection for each version.',
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

export const bus = z
  .strictObject({
    kind: choice(['memory', 'redis'], {
      description: 'What carries the cache, locks, counters, queues and messages. `memory` serves a single process.',
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

export const uploads = z
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
