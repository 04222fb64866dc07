import { Problem } from '../base/index.ts'
import type { Settle } from './chain.ts'
import type { Core } from './core.ts'
import { cancelledByRequest } from './failures.ts'
import { createLostInQueue } from './lost-in-queue.ts'
import type { OperationRecord } from './operation-record.ts'
import { createSightings } from './sightings.ts'
import { createSwap } from './swap.ts'
import { cancel, lose, mostLost } from './transitions.ts'

/**
 * Finds what was lost: operations that wait but stand in no queue, and those whose worker died. Any number of reapers may run: each
 * of their steps is a compare-and-swap, or asks a queue for what it may have already.
 */
export interface Reaper {
  end(): Promise<void>
}

/** Of those that run, in one pass. */
const mostRunning = 1000

export function startReaper(core: Core, settle: Settle, runsHere: (id: string) => boolean): Reaper {
  const { operations, log, settings } = core
  const sightings = createSightings(settings.lease)
  const alarm = createAlarm()
  const swap = createSwap(core, settle)
  const lookAtQueued = createLostInQueue(core, swap)
  let isEnded = false

  async function lookAtRunning(isFirst: boolean): Promise<void> {
    const running = await operations.inState('running', { limit: mostRunning })
    // Nobody else can have the store: whoever ran these is gone.
    const dead = isFirst && core.alone ? running : sightings.unchanged(running)
    for (const stored of dead) {
      if (!runsHere(stored.doc.id)) await swap(stored, afterLoss(core, stored.doc))
    }
  }

  async function look(isFirst: boolean): Promise<void> {
    try {
      await lookAtRunning(isFirst)
      await lookAtQueued()
    } catch (error) {
      log.warn({ err: error }, 'Operations could not be looked after; trying again.')
    }
  }

  async function lookAgainAndAgain(): Promise<void> {
    for (let isFirst = true; !isEnded; isFirst = false) {
      await look(isFirst)
      if (!isEnded) await alarm.within(settings.lease / 3)
    }
  }

  const endNotices = core.bus.whenInterrupted(alarm.ring)
  const looking = lookAgainAndAgain()

  return {
    async end() {
      isEnded = true
      endNotices()
      alarm.ring()
      await looking
    },
  }
}

/** What becomes of an operation whose worker died. */
function afterLoss(core: Core, record: OperationRecord): OperationRecord {
  if (record.cancelRequested) return cancel(record, cancelledByRequest(), core.ending())
  const problem = new Problem('internal', `Its worker died ${mostLost} times while it ran.`)
  return lose(record, problem, core.ending())
}

/** A rest that can be ended early; a ring between two rests ends the next one at once. */
function createAlarm() {
  let rung = false
  let wake = () => {}
  return {
    ring() {
      rung = true
      wake()
    },
    async within(ms: number): Promise<void> {
      if (!rung) {
        let timer: NodeJS.Timeout | undefined
        await new Promise<void>((resolve) => {
          wake = resolve
          timer = setTimeout(resolve, ms).unref()
        })
        clearTimeout(timer)
      }
      rung = false
    },
  }
}
