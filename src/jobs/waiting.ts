import { Problem } from '../base/index.ts'
import type { Core } from './core.ts'
import type { OperationRecord } from './operation-record.ts'
import { hasEnded } from './transitions.ts'

/** Waits until operations have ended. */
export interface Waiting {
  /** One ended in this process: who waits for it here need not wait for the bus. */
  ended(id: string): void
  /** The record as soon as it has ended, or as it is after `patienceMs`. Errors: `not_found`, `cancelled`. */
  forEnd(id: string, patienceMs: number, signal: AbortSignal): Promise<OperationRecord>
}

/** How often somebody who waits looks at the record, in case that no message arrives. */
const lookEveryMs = 2000

/** By the operation whose end somebody waits for. */
type Wakers = Map<string, Set<() => void>>

export function createWaiting({ operations, events, bus, log }: Core): Waiting {
  const wakers: Wakers = new Map()
  let watching = false

  function wake(id: string): void {
    for (const waker of wakers.get(id) ?? []) waker()
  }

  function wakeAll(): void {
    for (const id of wakers.keys()) wake(id)
  }

  /** From the first time that somebody waits. */
  function watch(): void {
    if (watching) return
    watching = true
    const endNotices = bus.whenInterrupted(wakeAll)
    events
      .watch((event) => {
        if ('operation' in event) wake(event.operation.id)
      })
      .catch((error) => {
        watching = false
        endNotices()
        log.warn({ err: error }, 'Messages about operations cannot be received: who waits looks at the records.')
      })
  }

  async function forEnd(id: string, patienceMs: number, signal: AbortSignal): Promise<OperationRecord> {
    const until = performance.now() + patienceMs
    watch()
    for (;;) {
      // Before reading: what ends in between must wake.
      const turn = nextTurn(wakers, id, signal)
      try {
        signal.throwIfAborted()
        const stored = await operations.get(id)
        if (!stored) throw noSuchOperation(id)
        const left = until - performance.now()
        if (hasEnded(stored.doc.state) || left <= 0) return stored.doc
        await turn.come(Math.min(left, lookEveryMs))
      } catch (error) {
        throw signal.aborted ? new Problem('cancelled', 'Whoever waited for the operation left.') : error
      } finally {
        turn.end()
      }
    }
  }

  return { ended: wake, forEnd }
}

function nextTurn(wakers: Wakers, id: string, signal: AbortSignal) {
  const turn = createTurn()
  const others = wakers.get(id) ?? new Set()
  wakers.set(id, others.add(turn.wake))
  signal.addEventListener('abort', turn.wake)
  return {
    come: turn.come,
    end() {
      turn.end()
      signal.removeEventListener('abort', turn.wake)
      others.delete(turn.wake)
      if (others.size === 0 && wakers.get(id) === others) wakers.delete(id)
    },
  }
}

/** Something to wait for once: it comes when it is woken, or after a time. */
function createTurn() {
  let wake = () => {}
  let timer: NodeJS.Timeout | undefined
  const woken = new Promise<void>((resolve) => {
    wake = resolve
  })
  return {
    wake: () => wake(),
    come(ms: number): Promise<void> {
      timer = setTimeout(wake, ms)
      return woken
    },
    end: () => clearTimeout(timer),
  }
}

export function noSuchOperation(id: string): Problem {
  return new Problem('not_found', `There is no operation "${id}".`)
}
