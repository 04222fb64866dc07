import type { Lease } from '../../bus/index.ts'
import { unavailable } from './bus-link.ts'
import { unpack } from './carried-problem.ts'
import { createLeader, type LeaderDeps } from './leader.ts'
import { channelOf, createNewsBox, type NewsBox } from './news.ts'
import type { SharedWork } from './shared-work.ts'

/** One computation for all processes that ask for the same key at the same time. */
export interface SharedFlight {
  /**
   * Whoever has the lock of the key computes; the others wait for news of it. Where the bus does not help, everybody computes for
   * himself. Errors: those of `work`, here or in the process that computed.
   */
  run<T>(key: string, signal: AbortSignal, work: SharedWork<T>): Promise<T>
}

export interface SharedFlightDeps extends LeaderDeps {
  /** How long to wait for other processes before computing without them, in milliseconds. */
  readonly patience: number
}

/** How long news may be on their way. */
const lastNewsMs = 10

export function createSharedFlight({ link, times, patience, later }: SharedFlightDeps): SharedFlight {
  const leader = createLeader({ link, times, later })

  /** One look around: whether there is a result, whether it is our turn, or what the news are. */
  async function nextTurn<T>(box: NewsBox, { key, signal, work }: Waiting<T>): Promise<Turn<T> | 'wait'> {
    const result = await work.look()
    if (result !== null) return { result }
    const lease = await leader.lock(key)
    if (lease === unavailable) return 'alone'
    // The last news of who had the lock may be a moment behind the lock itself.
    const news = await (lease ? box.next(lastNewsMs) : box.next(times.look, signal))
    const isOver = news?.outcome === 'failed' || news?.outcome === 'unshared'
    if (lease && !isOver) return { lease }
    if (lease) leader.letGo(lease)
    if (news?.outcome === 'failed') throw unpack(news.problem)
    return isOver ? 'alone' : 'wait'
  }

  async function follow<T>(waiting: Waiting<T>): Promise<Turn<T>> {
    const box = createNewsBox()
    const channel = channelOf(waiting.key)
    const end = await link.attempt((bus) => bus.subscribe(channel, box.receive), { late: (end) => end() })
    if (end === unavailable) return 'alone'
    try {
      const giveUpAt = performance.now() + patience
      while (performance.now() < giveUpAt) {
        const turn = await nextTurn(box, waiting)
        if (turn !== 'wait') return turn
      }
      return 'alone'
    } finally {
      later(link.attempt(() => end()))
    }
  }

  return {
    async run(key, signal, work) {
      const waiting = { key, signal, work }
      const lease = await leader.lock(key)
      if (lease === unavailable) return work.compute()
      if (lease) return leader.run(lease, waiting)
      const turn = await follow(waiting)
      if (turn === 'alone') return work.compute()
      return 'result' in turn ? turn.result : leader.run(turn.lease, waiting)
    },
  }
}

/** How waiting ends: with a result, with the lock, or with nobody to wait for. */
type Turn<T> = { readonly result: T } | { readonly lease: Lease } | 'alone'

interface Waiting<T> {
  readonly key: string
  readonly signal: AbortSignal
  readonly work: SharedWork<T>
}
