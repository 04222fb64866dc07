import { Redis } from 'ioredis'
import { MongoClient } from 'mongodb'
import { type Clock, newSecret, systemClock } from '../../src/base/index.ts'
import { type Bus, type BusDeps, type BusSettings, openBus } from '../../src/bus/index.ts'

/** What one instance of a test is made of besides its home. */
export interface Engines {
  /** As in the environment. */
  readonly settings: Readonly<Record<string, string>>
  /** As the door of the bus, with a clock that a test moves counting for what the server keeps too. */
  openBus(settings: BusSettings, deps: BusDeps): Promise<Bus>
  /** Removes what the instance has left on servers. */
  drop(): Promise<void>
}

/**
 * The engines that this run of the tests is about, by `LAPUTA_TEST_ENGINES`: `embedded` (the default), `redis` for the bus on Redis,
 * or `mongo` for documents and rows on MongoDB as well. Instances share the servers, and nothing on them.
 */
export function chosenEngines(): Engines {
  const chosen = process.env.LAPUTA_TEST_ENGINES || 'embedded'
  if (chosen === 'embedded') return { settings: {}, openBus, drop: async () => {} }
  if (chosen !== 'redis' && chosen !== 'mongo') throw new Error(`there are no engines called "${chosen}"`)
  const name = `test_${newSecret(12)}`
  const redis = { url: urlOf('LAPUTA_TEST_REDIS_URL'), prefix: name }
  const bus = {
    LAPUTA_BUS__KIND: 'redis',
    LAPUTA_REDIS__URL: redis.url,
    LAPUTA_REDIS__PREFIX: redis.prefix,
    // The machine is busy while tests run, and none of them is about a server that is slow.
    LAPUTA_REDIS__COMMAND_TIMEOUT: '20 s',
  }
  const openShared: Engines['openBus'] = async (settings, deps) =>
    agingBus(await openBus(settings, deps), { ...redis, clock: deps.clock })
  if (chosen === 'redis') return { settings: bus, openBus: openShared, drop: () => dropKeys(redis) }
  const mongo = { url: urlOf('LAPUTA_TEST_MONGO_URL'), database: name }
  const settings = {
    ...bus,
    LAPUTA_STORE__KIND: 'mongo',
    LAPUTA_ROWS__KIND: 'mongo',
    LAPUTA_MONGO__URL: mongo.url,
    LAPUTA_MONGO__DATABASE: mongo.database,
  }
  return {
    settings,
    openBus: openShared,
    async drop() {
      await dropKeys(redis)
      await dropDatabase(mongo)
    },
  }
}

function urlOf(variable: string): string {
  const url = process.env[variable]
  if (!url) throw new Error(`LAPUTA_TEST_ENGINES needs ${variable}`)
  return url
}

interface RedisPlace {
  readonly url: string
  readonly prefix: string
}

/** How much slower keys get old by themselves: so slowly that only what a test does to its clock counts. */
const slower = 1000

/** Redis lets keys go by its own time. Here they are made to last longer, and made older by as much as the test moves its clock. */
function agingBus(bus: Bus, { url, prefix, clock }: RedisPlace & { readonly clock: Clock }): Bus {
  if (clock === systemClock) return bus
  const client = new Redis(url, { lazyConnect: true })
  let now = clock.now()
  let aging: Promise<unknown> = Promise.resolve()

  async function age(): Promise<void> {
    const by = (clock.now() - now) * slower
    now = clock.now()
    if (by !== 0) await client.eval(ageKeys, 0, `*${prefix}*`, by)
  }
  const after = <A extends readonly unknown[], R>(work: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      // One after the other: a move of the clock counts for everything that is asked after it.
      aging = aging.then(age)
      await aging
      return work(...args)
    }
  }

  return {
    ...bus,
    cache: {
      get: after(bus.cache.get),
      set: after((key, value, ttlMs) => bus.cache.set(key, value, ttlMs * slower)),
      setInOrder: after((key, value, { ttlMs, order }) =>
        bus.cache.setInOrder(key, value, { ttlMs: ttlMs * slower, order }),
      ),
      remove: after(bus.cache.remove),
    },
    increment: after((key, windowMs) => bus.increment(key, windowMs * slower)),
    lock: after(async (key, leaseMs) => {
      const lease = await bus.lock(key, leaseMs * slower)
      return lease && { ...lease, renew: after(() => lease.renew()) }
    }),
    async close() {
      client.disconnect()
      await bus.close()
    },
  }
}

const ageKeys = `
local cursor = '0'
repeat
  local page = redis.call('SCAN', cursor, 'MATCH', ARGV[1], 'COUNT', 1000)
  cursor = page[1]
  for _, key in ipairs(page[2]) do
    local left = redis.call('PTTL', key)
    if left > 0 then redis.call('PEXPIRE', key, math.max(left - ARGV[2], 0)) end
  end
until cursor == '0'`

async function dropKeys({ url, prefix }: RedisPlace): Promise<void> {
  const client = new Redis(url)
  try {
    for await (const keys of client.scanStream({ match: `*${prefix}*`, count: 1000 })) {
      if (keys.length > 0) await client.unlink(...keys)
    }
  } finally {
    client.disconnect()
  }
}

async function dropDatabase({ url, database }: { readonly url: string; readonly database: string }): Promise<void> {
  const client = new MongoClient(url)
  try {
    await client.db(database).dropDatabase()
  } finally {
    await client.close()
  }
}
