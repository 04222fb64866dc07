import { z } from 'zod'
import { choice, duration, groupRegistry, integer, size } from '../setting.ts'

export const jobs = z
  .strictObject({
    heavy: integer({
      description: 'How many heavy jobs (imports, refreshes) a worker process runs at once.',
      default: 2,
      min: 0,
      max: 64,
      of: 'jobs',
    }),
    fast: integer({
      description: 'How many fast jobs (publications, sweeps) a worker process runs at once.',
      default: 8,
      min: 0,
      max: 500,
      of: 'jobs',
    }),
    lease: duration({
      description: 'A worker that was not heard of for so long is taken for dead, and its jobs are run by others.',
      default: '10 s',
      min: '1 s',
      max: '10 min',
    }),
    drain: duration({
      description: 'How long a worker that is asked to stop waits for its jobs; what has not ended then is given back.',
      default: '20 s',
      min: '0 s',
      max: '10 min',
    }),
    isolate: choice(['auto', 'always', 'never'], {
      description:
        'Whether heavy jobs run in child processes of their own: `auto` keeps small files in the worker, since starting a process takes half a second.',
      default: 'auto',
    }),
    memory: size({
      description:
        'The most memory that the child process of a heavy job may take. A job that needs more fails, and says so.',
      default: '2 GiB',
      min: '256 MiB',
      max: '1024 GiB',
    }),
    keep: duration({
      description: 'How long the records of operations that have ended are kept.',
      default: '30 days',
      min: '1 min',
      max: '3650 days',
    }),
    idempotency: duration({
      description: 'For how long submitting again with the same `Idempotency-Key` gives the same operation.',
      default: '1 day',
      min: '1 min',
      max: '365 days',
    }),
  })
  .prefault({})
  .register(groupRegistry, { description: 'Operations in the background.' })
