import type { Lease } from '../../bus/index.ts'
import type { BusLink, Unavailable } from './bus-link.ts'
import { carry, concernsEveryone } from './carried-problem.ts'
import { channelOf, type News, newsText } from './news.ts'
import type { CacheTimes } from './settings.ts'
import type { SharedWork } from './shared-work.ts'

/** The process that has the lock of a key, and computes for all of them. */
export interface Leader {
  /** Null when another process has it. */
  lock(key: string): Promise<Lease | null | Unavailable>
  letGo(lease: Lease): void
  run<T>(lease: Lease, about: { key: string; signal: AbortSignal; work: SharedWork<T> }): Promise<T>
}

export interface LeaderDeps {
  readonly link: BusLink
  readonly times: CacheTimes
  /** Takes what goes on after the answer was given. */
  later(work: Promise<unknown>): void
}

/** The lock is a lease: it ends when its holder dies, and a holder who lost it has nothing to say to the others any more. */
export function createLeader({ link, times, later }: LeaderDeps): Leader {
  const letGo = (lease: Lease): void => later(link.attempt(() => lease.release()))

  async function tell(key: string, lease: Lease, news: News): Promise<void> {
    const holds = await link.attempt(() => lease.renew())
    if (holds === true) await link.attempt((bus) => bus.publish(channelOf(key), newsText(news)))
    await link.attempt(() => lease.release())
  }

  /** Keeps the lease while `work` goes on, and also when the signs of life are unanswered: the bus decides who has it. */
  function holding(lease: Lease): () => void {
    const renewal = setInterval(() => later(link.attempt(() => lease.renew())), times.lease / 3)
    return () => clearInterval(renewal)
  }

  return {
    lock: (key) =>
      link.attempt((bus) => bus.lock(`lock:${key}`, times.lease), { late: async (lease) => lease?.release() }),
    letGo,
    async run(lease, { key, signal, work }) {
      const stop = holding(lease)
      try {
        // Somebody may have finished between our look and the lock.
        const found = await work.look()
        const result = found ?? (await work.compute())
        // Whoever asked here need not wait until the others have it.
        const share = async () => found !== null || (await work.share(result))
        later(
          share()
            .then((isShared) => tell(key, lease, { outcome: isShared ? 'stored' : 'unshared' }))
            .finally(stop),
        )
        return result
      } catch (error) {
        const share = async () => concernsEveryone(error) && (await work.shareError(error))
        later(
          share()
            .then(() => tell(key, lease, newsOf(error, signal)))
            .finally(stop),
        )
        throw error
      }
    },
  }
}

function newsOf(error: unknown, signal: AbortSignal): News {
  if (signal.aborted) return { outcome: 'abandoned' }
  return concernsEveryone(error) ? { outcome: 'failed', problem: carry(error) } : { outcome: 'unshared' }
}
