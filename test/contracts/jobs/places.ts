import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { MongoClient } from 'mongodb'
import { silentLog, systemClock } from '../../../src/base/index.ts'
import { openBus } from '../../../src/bus/index.ts'
import { loadConfig } from '../../../src/config/index.ts'
import { openStore } from '../../../src/store/index.ts'
import { mongoSettings } from '../store/mongo-settings.ts'
import type { JobsPlace } from './fixture.ts'

/** A place as another process opens it too: all of it is text. */
export interface PlaceSettings {
  readonly home?: string
  readonly mongo?: { readonly url: string; readonly database: string }
  readonly redis?: { readonly url: string; readonly prefix: string }
}

const deps = { clock: systemClock, log: silentLog }

export async function openPlace({ home, mongo, redis }: PlaceSettings): Promise<Pick<JobsPlace, 'store' | 'bus'>> {
  const store = await openStore(
    mongo ? { kind: 'mongo', mongo: mongoSettings(mongo) } : { kind: 'sqlite', home: String(home) },
    deps,
  )
  const bus = await openBus(
    redis
      ? { kind: 'redis', redis: { ...loadConfig({ env: {} }).redis, ...redis } }
      : { kind: 'memory', cacheBytes: 0 },
    deps,
  )
  return { store, bus }
}

export const redisUrl = process.env.LAPUTA_TEST_REDIS_URL
export const mongoUrl = process.env.LAPUTA_TEST_MONGO_URL

/** Settings of a place that nobody has used. */
export function newPlace(kinds: { redis?: boolean; mongo?: boolean }): PlaceSettings {
  const name = `laputa_jobs_${randomBytes(6).toString('hex')}`
  return {
    ...(kinds.mongo
      ? { mongo: { url: mongoUrl ?? '', database: name } }
      : { home: mkdtempSync(join(tmpdir(), 'laputa-jobs-')) }),
    ...(kinds.redis && { redis: { url: redisUrl ?? '', prefix: name } }),
  }
}

/** Opens it; what it kept is removed in the end. */
export async function aPlace(settings: PlaceSettings): Promise<JobsPlace> {
  const { store, bus } = await openPlace(settings)
  return {
    store,
    bus,
    async dispose() {
      await bus.close()
      await store.close()
      await removePlace(settings)
    },
  }
}

async function removePlace({ home, mongo, redis }: PlaceSettings): Promise<void> {
  if (home) rmSync(home, { recursive: true, force: true })
  if (mongo) {
    const client = await new MongoClient(mongo.url).connect()
    await client.db(mongo.database).dropDatabase()
    await client.close()
  }
  if (redis) {
    const client = new Redis(redis.url)
    const keys = await client.keys(`*${redis.prefix}*`)
    if (keys.length > 0) await client.del(keys)
    client.disconnect()
  }
}
