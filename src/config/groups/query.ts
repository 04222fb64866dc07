import { z } from 'zod'
import { choice, duration, groupRegistry, integer, size } from '../setting.ts'

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

export const query = z
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

export const permissions = z
  .strictObject({
    when_unset: choice(['deny', 'allow'], {
      description: 'What is seen of a domain that has no permission record at all: nothing, or every row.',
      default: 'deny',
    }),
  })
  .prefault({})
  .register(groupRegistry, { description: 'Who sees which rows.' })
