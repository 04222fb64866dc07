import { Problem } from '../base/index.ts'
import type { Stored } from '../store/index.ts'
import type { Core } from './core.ts'
import { cancelledByRequest } from './failures.ts'
import { createFencedRecord, type Step } from './fenced-record.ts'
import { createNotes, type Notes } from './notes.ts'
import type { OperationRecord } from './operation-record.ts'
import { heartbeat } from './transitions.ts'

/** Why a running operation was stopped. */
export type Stop = 'cancelled' | 'given back' | 'lost'

/** An operation that runs here: its lease is extended, what it says is written, and it hears when it must end. */
export interface HeldOperation {
  readonly signal: AbortSignal
  readonly notes: Notes
  /** Null while it may run on. */
  stopped(): Stop | null
  stop(why: Stop, problem: Problem): void
  /** Looks at the record soon: somebody may have asked for its end. */
  check(): void
  /** Errors: see `FencedRecord`. */
  change(step: Step): Promise<OperationRecord>
  end(): void
}

export function holdOperation(core: Core, begun: Stored<OperationRecord>): HeldOperation {
  const { clock, settings, log } = core
  const controller = new AbortController()
  let stopped: Stop | null = null
  let isBeating = false

  function stop(why: Stop, problem: Problem): void {
    // Who lost it may not even give it back.
    if (stopped === 'lost' || (stopped !== null && why !== 'lost')) return
    stopped = why
    if (why === 'lost') fenced.giveUp()
    controller.abort(problem)
  }

  const fenced = createFencedRecord(core, {
    begun,
    seen: (record) => {
      if (record.cancelRequested) stop('cancelled', cancelledByRequest())
    },
    lost: () => stop('lost', new Problem('cancelled', 'The operation is run by another worker by now.')),
  })

  const change = (step: Step) =>
    fenced.change((record) => step(heartbeat(notes.writtenInto(record), { now: clock.now(), leaseMs: settings.lease })))

  function beat(): void {
    if (isBeating || stopped === 'lost') return
    isBeating = true
    change((record) => record)
      .catch((error) => log.debug({ err: error, operation: begun.doc.id }, 'A heartbeat came too late.'))
      .finally(() => {
        isBeating = false
      })
  }

  const notes = createNotes(begun.doc, async () => {
    core.tell('progress', await change((record) => record))
  })
  const beating = setInterval(beat, settings.lease / 3).unref()

  return {
    signal: controller.signal,
    notes,
    stopped: () => stopped,
    stop,
    check: beat,
    change,
    end() {
      clearInterval(beating)
      notes.end()
    },
  }
}
