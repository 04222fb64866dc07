import type { Clock } from '../../base/index.ts'
import { createFairShare } from '../fair-share.ts'
import type { QueuedJob } from '../port.ts'
import { createHeap, type Heap } from './heap.ts'

/** A job of the queue, until it has an outcome. */
export interface Kept {
  readonly job: QueuedJob
  /** Its payload as text: nobody shares an object. */
  readonly text: string
  readonly number: number
  state: 'waiting' | 'delayed' | 'running'
  /** Its place among those that wait; given when it begins to wait. */
  tag: number
  due: number
  /** How often it was taken without an outcome. */
  lost: number
}

export interface Backlog {
  /** In how many milliseconds the next one is due; undefined when nothing is delayed. */
  nextDueIn(): number | undefined
  counts(): { readonly waiting: number; readonly delayed: number; readonly running: number }
  has(id: string): boolean
  /** Does nothing when there is one of its id. */
  add(job: QueuedJob, text: string): void
  /** The one whose turn it is; from then on it runs. */
  take(): Kept | undefined
  /** One that runs is delayed, or waits. */
  again(kept: Kept, delayMs: number): void
  /** One that runs waits again, before all others. */
  giveBack(kept: Kept): void
  /** One that runs has ended. */
  end(kept: Kept): void
  /** False when it runs, or there is none. */
  remove(id: string): boolean
  clear(): void
}

/** The jobs of a queue, and the order in which they are served. */
export function createBacklog(clock: Clock): Backlog {
  const all = new Map<string, Kept>()
  const waiting = createHeap<Kept>(isEarlierBy('tag'))
  const delayed = createHeap<Kept>(isEarlierBy('due'))
  const share = createFairShare()
  const passed = createPassedTime(clock)
  const dueIn = (kept?: Kept) => kept && kept.due - passed()
  let added = 0

  function wait(kept: Kept, tag: number): void {
    waiting.push(Object.assign(kept, { state: 'waiting', tag }))
  }

  function put(kept: Kept, delayMs: number): void {
    if (delayMs > 0) {
      kept.state = 'delayed'
      kept.due = passed() + delayMs
      delayed.push(kept)
    } else wait(kept, share.tag(kept.job.group, kept.job.priority))
  }

  function add(job: QueuedJob, text: string): void {
    if (all.has(job.id)) return
    const kept: Kept = { job, text, number: added++, state: 'waiting', tag: 0, due: 0, lost: 0 }
    all.set(job.id, kept)
    put(kept, job.delayMs ?? 0)
  }

  /** A delayed job is given its place when it is due: until then it has no part in the service. */
  function awakenDue(): void {
    const now = passed()
    for (let kept = delayed.peek(); kept !== undefined && kept.due <= now; kept = delayed.peek()) {
      delayed.pop()
      put(kept, 0)
    }
  }

  function take(): Kept | undefined {
    awakenDue()
    const kept = waiting.pop()
    if (kept === undefined) return undefined
    kept.state = 'running'
    share.taken(kept.tag, waiting.size > 0)
    return kept
  }

  return {
    nextDueIn: () => dueIn(delayed.peek()),
    counts() {
      awakenDue()
      return { waiting: waiting.size, delayed: delayed.size, running: all.size - waiting.size - delayed.size }
    },
    has: (id) => all.has(id),
    add,
    take,
    again: put,
    giveBack(kept) {
      kept.lost++
      wait(kept, 0)
    },
    end: (kept) => void all.delete(kept.job.id),
    remove: (id) => removeWaiting(id, { all, waiting, delayed }),
    clear: () => all.clear(),
  }
}

/** Milliseconds that have passed, by a clock that may be put back meanwhile: what is delayed is not delayed by that too. */
function createPassedTime(clock: Clock): () => number {
  let passed = 0
  let seen = clock.now()
  return () => {
    const now = clock.now()
    passed += Math.max(0, now - seen)
    seen = now
    return passed
  }
}

interface Places {
  readonly all: Map<string, Kept>
  readonly waiting: Heap<Kept>
  readonly delayed: Heap<Kept>
}

function removeWaiting(id: string, { all, waiting, delayed }: Places): boolean {
  const kept = all.get(id)
  if (!kept || kept.state === 'running') return false
  const where = kept.state === 'delayed' ? delayed : waiting
  where.remove(kept)
  return all.delete(id)
}

function isEarlierBy(field: 'tag' | 'due') {
  return (a: Kept, b: Kept) => a[field] < b[field] || (a[field] === b[field] && a.number < b.number)
}
