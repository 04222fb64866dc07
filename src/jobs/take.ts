import { Problem } from '../base/index.ts'
import type { JobOutcome, TakenJob } from '../bus/index.ts'
import type { Stored } from '../store/index.ts'
import { beginOperation } from './begin-operation.ts'
import { fallWith, type Settle } from './chain.ts'
import type { Core } from './core.ts'
import { readArgs } from './definitions.ts'
import { between, longestDelayMs, problemOf } from './failures.ts'
import type { OperationRecord } from './operation-record.ts'
import type { JobDefinition } from './port.ts'
import { type Predecessor, predecessorOf } from './predecessor.ts'
import { fail, hasEnded, mostLost } from './transitions.ts'

/** An operation that was begun here and waits for its work. */
export interface Begun {
  readonly stored: Stored<OperationRecord>
  readonly definition: JobDefinition
  readonly args: unknown
}

/** What to do with a job of the queue: begin its operation, or answer the queue at once. */
export type Take = { readonly begun: Begun } | { readonly outcome: JobOutcome }

/** How long to wait for one that runs under the same lock, in milliseconds. */
const lockRest = [250, 1000] as const
const unknownRestMs = 5000
/** How long a job that nobody here knows waits for a worker that does. */
const unknownPatienceMs = 3_600_000

const done: Take = { outcome: { kind: 'done' } }
const again = (delayMs: number): Take => ({ outcome: { kind: 'again', delayMs } })

export function createTake(core: Core, settle: Settle) {
  const { operations, clock } = core
  const tellOnce = createTelling(core)

  return async function take(taken: TakenJob): Promise<Take> {
    const stored = await operations.get(taken.id)
    if (!stored) return done
    const { doc } = stored
    if (hasEnded(doc.state)) return doc.lost >= mostLost ? dead(doc) : done
    // Whether that one is dead is for the reaper to find, which measures by its own watch.
    if (doc.state === 'running') return again(core.settings.lease / 3)
    return takeQueued(stored)
  }

  async function takeQueued(stored: Stored<OperationRecord>): Promise<Take> {
    const { doc } = stored
    const early = earlyBy(doc, clock.now())
    if (early > 0) return again(early)
    const definition = core.definitions.knows(doc.job, doc.version)
    if (!definition) return leaveToOthers(stored)
    const before = await predecessorOf(core, doc)
    if (before !== null) return notYet(stored, before)
    let args: unknown
    try {
      args = readArgs(definition, doc.args)
    } catch (error) {
      return end(stored, fail(doc, problemOf(error), core.ending()))
    }
    const begun = await beginOperation(core, stored)
    return begun ? { begun: { stored: begun, definition, args } } : again(between(...lockRest))
  }

  async function notYet(stored: Stored<OperationRecord>, before: Predecessor): Promise<Take> {
    const fallen = before !== 'missing' && hasEnded(before.state) ? fallWith(core, stored.doc, before) : null
    return fallen ? end(stored, fallen) : again(1000)
  }

  /** A newer program, or an older one, knows it. Whoever waits for it for too long is told which. */
  async function leaveToOthers(stored: Stored<OperationRecord>): Promise<Take> {
    const { job, version, unclaimedSince } = stored.doc
    const wanted = `a program that knows version ${version} of the job "${job}"`
    tellOnce(job, version, wanted)
    const now = clock.now()
    if (unclaimedSince === undefined) {
      await operations.replace({ ...stored.doc, unclaimedSince: now }, stored.version)
    } else if (now - unclaimedSince > unknownPatienceMs) {
      const problem = new Problem('internal', `No worker took it for an hour: it needs ${wanted}.`)
      return end(stored, fail(stored.doc, problem, core.ending()))
    }
    return again(unknownRestMs)
  }

  async function end({ version }: Stored<OperationRecord>, ended: OperationRecord): Promise<Take> {
    await settle((await operations.replace(ended, version)).doc)
    return done
  }
}

/** Milliseconds. What is put off for longer than anything ever is was so by a clock that has been set back since: it is due. */
function earlyBy({ notBefore }: OperationRecord, now: number): number {
  const early = notBefore - now
  return early <= longestDelayMs ? early : 0
}

/** Says once of each version of a job that it is not known here. */
function createTelling({ log }: Core) {
  const told = new Set<string>()
  return (job: string, version: number, wanted: string): void => {
    const name = `${version} ${job}`
    // Names come from records: without a bound a broken program could fill the memory.
    if (told.has(name) || told.size >= 1000) return
    told.add(name)
    log.warn({ job, version }, `An operation needs ${wanted}; it is left to other workers.`)
  }
}

function dead({ error }: OperationRecord): Take {
  return { outcome: { kind: 'dead', reason: error ? `${error.code}: ${error.detail}` : 'Its worker died.' } }
}
