import { join } from 'node:path'
import { agreeOnKeys, createAuth } from '../auth/index.ts'
import { systemClock } from '../base/index.ts'
import { type Bus, openBus as openTheBus } from '../bus/index.ts'
import { createCatalog } from '../catalog/index.ts'
import { createDialer } from '../connectors/index.ts'
import { createData } from '../data/index.ts'
import { createAuditing, createFeatures, createUserStore, createWorks, openConnections } from '../features/index.ts'
import { openRows } from '../rows/index.ts'
import { migrate, openStore } from '../store/index.ts'
import { closeOnFailure } from './close-on-failure.ts'
import { createClosers } from './closers.ts'
import { openHeavyWork } from './heavy-work.ts'
import { openServer } from './open-server.ts'
import type { ComposeDeps, Composed, Product } from './product.ts'
import { busSettings, dataSettings, rowsSettings, storeSettings } from './settings.ts'
import { watchedJob } from './watched-job.ts'

/** Idempotent answers are kept for a day. */
const repeatableMs = 86_400_000

/** The product with its web server. What fails half-way closes what was opened. */
export async function compose(deps: ComposeDeps): Promise<Composed> {
  const product = await composeProduct(deps)
  return closeOnFailure(product, async () => ({ ...product, server: await openServer(product, deps) }))
}

/** Wires the product, once, from top to bottom. What fails half-way closes what was opened. */
export async function composeProduct({
  config,
  log,
  clock = systemClock,
  openBus = openTheBus,
  metrics,
  ...given
}: ComposeDeps): Promise<Product> {
  const closers = createClosers(log)
  try {
    const { home } = config
    const deps = { clock, log }
    const store = await closers.open('store', openStore(storeSettings(config, 'thread'), deps))
    await migrate(store, deps)
    const bus = await closers.open('bus', openBus(busSettings(config), deps))
    const rows = await closers.open('rows', openRows(rowsSettings(config), deps))
    const userStore = createUserStore(store)
    await agreeOnKeys({ store, home, settings: config, log })
    const auth = await createAuth({
      ...{ ...deps, store, bus, home, settings: config.auth },
      ...{ findUser: userStore.find, findUsers: userStore.findMany, userChanges: userStore.changes },
    })
    const catalog = createCatalog({ store, clock })
    const knows = async (username: string) => (await userStore.find(username)) !== null
    const auditing = createAuditing({ ...deps, store, knows, retention: config.audit.retention })
    const connections = await closers.open(
      'connections',
      openConnections({ ...deps, store, catalog, home, settings: config.connections }),
    )
    const data = await closers.open(
      'data',
      createData({ rows, bus, clock, openConnection: connections.pool.open, settings: dataSettings(config) }),
    )
    const works = createWorks({ ...deps, rows, dialer: createDialer({ allow: config.connections.allow }) })
    const heavy = await closers.open('heavy work', openHeavyWork(config, { works, log }))
    const { routes, users, uploads, ...features } = createFeatures({
      ...{ ...deps, auditing, auth, bus, catalog, connections, data, heavy, rows, store, userStore },
      settings: config,
      watchJob: metrics && watchedJob(metrics.job),
      checks: [{ name: 'store', check: store.ping }],
      whenUnset: config.permissions.when_unset,
      uploads: { folder: join(home, 'tmp'), limitBytes: config.http.upload_limit },
      metricsPage: config.health.public_metrics ? (given.metricsPage ?? metrics?.page) : undefined,
    })
    metrics?.watchCache(data.stats)
    await uploads.clean(!store.shared)
    await auditing.prune()
    const authenticate = auditing.watch(auth.authenticate)
    const serving = { routes, authenticate, recall: auth.recall, idempotency: idempotencyOver(bus) }
    const { audit } = auditing
    const { open, closeAll: close } = closers
    return { ...features, users, audit, store, bus, serving, open, close }
  } catch (error) {
    await closers.closeAll()
    throw error
  }
}

function idempotencyOver(bus: Bus) {
  return {
    get: (key: string) => bus.cache.get(key),
    set: (key: string, answer: Buffer) => bus.cache.set(key, answer, repeatableMs),
    async hold(key: string) {
      const lease = await bus.lock(key, 60_000)
      return lease && (() => lease.release())
    },
  }
}
