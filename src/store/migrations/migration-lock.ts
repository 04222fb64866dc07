import { setTimeout as sleep } from 'node:timers/promises'
import { type Clock, isProblem, type Log, newId, Problem } from '../../base/index.ts'
import type { Collection, Store, Stored } from '../port.ts'

interface Lock {
  readonly id: 'lock'
  readonly owner: string
  /** Milliseconds since 1970. */
  readonly until: number
}

const leaseMs = 30_000
const renewEveryMs = 10_000
const lookEveryMs = 200

export interface MigrationLockDeps {
  readonly clock: Clock
  readonly log: Log
}

/**
 * Runs it while no other process does, and waits for its turn as long as that takes. The lease of a process that died ends after half a
 * minute. `signal` aborts when the lease was lost, as after a long pause of this process.
 */
export async function underMigrationLock<R>(
  store: Store,
  deps: MigrationLockDeps,
  work: (signal: AbortSignal) => Promise<R>,
): Promise<R> {
  const locks = store.documents<Lock>('migration_lock')
  const held = holdUp(locks, await take(locks, deps), deps.clock)
  try {
    return await work(held.signal)
  } finally {
    await held.release()
  }
}

async function take(locks: Collection<Lock>, { clock, log }: MigrationLockDeps): Promise<Stored<Lock>> {
  const owner = newId(clock.now())
  for (let looks = 0; ; looks++) {
    const lock: Lock = { id: 'lock', owner, until: clock.now() + leaseMs }
    const found = await locks.get('lock')
    try {
      if (found === null) return await locks.insert(lock)
      if (found.doc.until <= clock.now()) return await locks.replace(lock, found.version)
    } catch (error) {
      // Somebody else was faster.
      if (!isProblem(error, 'conflict') && !isProblem(error, 'precondition_failed')) throw error
    }
    if (looks === 0) log.info({}, 'Another process is migrating the store; waiting for it.')
    await sleep(lookEveryMs)
  }
}

function holdUp(locks: Collection<Lock>, taken: Stored<Lock>, clock: Clock) {
  const lost = new AbortController()
  let stored = taken
  let renewing = Promise.resolve()

  async function renew(): Promise<void> {
    try {
      stored = await locks.replace({ ...stored.doc, until: clock.now() + leaseMs }, stored.version)
    } catch (cause) {
      lost.abort(new Problem('storage_failed', 'The lock of the migration was lost. Start it again.', { cause }))
    }
  }

  const timer = setInterval(() => {
    if (!lost.signal.aborted) renewing = renewing.then(renew)
  }, renewEveryMs)
  return {
    signal: lost.signal,
    async release(): Promise<void> {
      clearInterval(timer)
      await renewing
      // Whoever took it over keeps it.
      await locks.remove('lock', stored.version).catch((error: unknown) => {
        if (!isProblem(error, 'precondition_failed')) throw error
      })
    },
  }
}
