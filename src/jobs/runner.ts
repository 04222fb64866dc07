import { z } from 'zod'
import { isProblem, type Json, type Log, type Problem } from '../base/index.ts'
import type { JobOutcome, TakenJob } from '../bus/index.ts'
import type { Settle } from './chain.ts'
import type { Core } from './core.ts'
import { backOff, between, cancelledByRequest, mayPass, problemOf } from './failures.ts'
import type { Step } from './fenced-record.ts'
import { type HeldOperation, holdOperation, type Stop } from './held-operation.ts'
import type { OperationRecord } from './operation-record.ts'
import type { JobCtx, JobDefinition } from './port.ts'
import { type Begun, createTake } from './take.ts'
import { cancel, fail, giveBack, hasEnded, succeed, tryAgain } from './transitions.ts'

/** Runs operations, one for each job that the queue gives. */
export interface Runner {
  /** Never throws. */
  handle(taken: TakenJob): Promise<JobOutcome>
  runsHere(id: string): boolean
  /** Looks soon whether somebody wants it cancelled. */
  check(id: string): void
  /** Aborts what runs: to give it back, or, as `lost`, to write nothing more of it. */
  stopAll(why: Exclude<Stop, 'cancelled'>, problem: Problem): void
}

/** How long work may go on after it was told that it has been for nothing. */
const stubbornMs = 2000
/** Before a job that could not be taken is tried again: the store or the bus does not answer. */
const failedTakeRest = [500, 1500] as const

const payloadSchema = z.object({ id: z.string(), job: z.string(), version: z.number() })

/** How the work of an operation went. */
type Ended = { readonly result: Json } | { readonly error: unknown } | 'left running'

export function createRunner(core: Core, settle: Settle): Runner {
  const { log } = core
  const running = new Map<string, HeldOperation>()
  const take = createTake(core, settle)

  async function handle(taken: TakenJob): Promise<JobOutcome> {
    if (!payloadSchema.safeParse(taken.payload).success) {
      log.error({ id: taken.id }, 'A job of the queue is not one of ours, and was put aside.')
      return { kind: 'dead', reason: 'The payload is not that of a job.' }
    }
    try {
      const taking = await take(taken)
      return 'begun' in taking ? await run(taking.begun) : taking.outcome
    } catch (error) {
      // Somebody else was faster with the record, or the store or the bus does not answer.
      if (!isProblem(error, 'precondition_failed'))
        log.warn({ err: error, operation: taken.id }, 'A job could not be taken.')
      return { kind: 'again', delayMs: between(...failedTakeRest) }
    }
  }

  async function run({ stored, definition, args }: Begun): Promise<JobOutcome> {
    const held = holdOperation(core, stored)
    running.set(stored.doc.id, held)
    core.tell('started', stored.doc)
    try {
      const ended = await untilStubborn(held, start(definition, ctxOf(core, held, stored.doc), args))
      return await conclude(held, definition, ended)
    } finally {
      held.end()
      running.delete(stored.doc.id)
    }
  }

  /** Writes how it ended, and answers the queue. */
  async function conclude(held: HeldOperation, definition: JobDefinition, ended: Ended): Promise<JobOutcome> {
    const problem = ended !== 'left running' && 'error' in ended ? problemOf(ended.error) : null
    const record = await held.change(endingStep(core, { held, definition, ended, problem })).catch((error) => {
      if (held.stopped() === 'lost') throw error
      // Such as a result that is too large to be kept.
      return held.change((before) => fail(before, problemOf(error), core.ending()))
    })
    if (problem) logFailure(log, record, problem)
    if (!hasEnded(record.state)) {
      core.tell('queued', record)
      return { kind: 'again', delayMs: Math.max(0, record.notBefore - core.clock.now()) }
    }
    await settle(record)
    if (record.state !== 'failed' || !problem || !mayPass(problem)) return { kind: 'done' }
    return { kind: 'dead', reason: `${problem.code}: ${problem.message}` }
  }

  return {
    handle,
    runsHere: (id) => running.has(id),
    check: (id) => running.get(id)?.check(),
    stopAll(why, problem) {
      for (const held of running.values()) held.stop(why, problem)
    },
  }
}

/** Waits for the work; once it is for nothing, not for long. */
function untilStubborn(held: HeldOperation, work: Promise<Json>): Promise<Ended> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined
    const finish = (ended: Ended) => {
      clearTimeout(timer)
      resolve(ended)
    }
    work.then(
      (result) => finish({ result: result ?? null }),
      (error: unknown) => finish({ error }),
    )
    held.signal.addEventListener('abort', () => {
      // Somebody who cancelled sees that it still runs.
      if (held.stopped() !== 'cancelled') timer = setTimeout(finish, stubbornMs, 'left running')
    })
  })
}

interface Ending {
  readonly held: HeldOperation
  readonly definition: JobDefinition
  readonly ended: Ended
  readonly problem: Problem | null
}

/** What becomes of the record. Work that succeeded has had its effect, whoever wanted it to stop meanwhile. */
function endingStep(core: Core, { held, definition, ended, problem }: Ending): Step {
  return (record) => {
    const ending = core.ending()
    if (ended !== 'left running' && 'result' in ended) return succeed(record, ended.result, ending)
    if (record.cancelRequested) return cancel(record, cancelledByRequest(), ending)
    if (problem === null || held.stopped() === 'given back') return giveBack(record, ending.now)
    const failures = record.failures + 1
    if (!mayPass(problem) || failures > definition.retries) return fail(record, problem, ending)
    return tryAgain(record, problem, { now: ending.now, delayMs: backOff(failures) })
  }
}

function ctxOf(core: Core, held: HeldOperation, record: OperationRecord): JobCtx {
  const { id: operation, job, attempt, app, stage, by, requestId } = record
  return {
    operation,
    attempt,
    app,
    stage,
    by,
    requestId,
    log: core.log.child({ operation, job, attempt, requestId }),
    signal: held.signal,
    progress: held.notes.progress,
    say: held.notes.say,
  }
}

/** What a job throws at once is thrown like what it throws later. */
async function start(definition: JobDefinition, ctx: JobCtx, args: unknown): Promise<Json> {
  return definition.run(ctx, args)
}

function logFailure(log: Log, { id, job, attempt, state }: OperationRecord, problem: Problem): void {
  const fields = { operation: id, job, attempt, state, code: problem.code }
  if (state === 'cancelled') log.info(fields, 'An operation was cancelled.')
  else log.warn({ ...fields, err: problem }, 'An attempt of an operation failed.')
}
