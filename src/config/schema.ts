import { z } from 'zod'
import { auth } from './groups/auth.ts'
import { connections } from './groups/connections.ts'
import { http } from './groups/http.ts'
import { jobs } from './groups/jobs.ts'
import { audit, log } from './groups/logs.ts'
import { mongo } from './groups/mongo.ts'
import { health, live, scheduler, web } from './groups/processes.ts'
import { permissions, query } from './groups/query.ts'
import { redis } from './groups/redis.ts'
import { bus, rows, store, uploads } from './groups/storage.ts'
import { folder } from './setting.ts'

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
  mongo,
  redis,
  query,
  permissions,
  auth,
  uploads,
  connections,
  jobs,
  web,
  live,
  scheduler,
  health,
  audit,
  log,
})

type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T

/** The loaded settings: durations in milliseconds, sizes in bytes, `home` absolute. */
export type Config = Frozen<z.output<typeof configSchema>>
