import type { AppCtx, Stage } from '../access/index.ts'
import {
  canonicalJson,
  type ErrorCode,
  errorCatalogue,
  isObject,
  isProblem,
  type Json,
  type JsonObject,
  Problem,
  sha256,
} from '../base/index.ts'
import type { Jobs, Operation, Submission } from './port.ts'

/** Work for a job, to be submitted for somebody who asked for it. */
export interface Work {
  readonly job: string
  readonly args: JsonObject
  /** More arguments: how things stood when it was asked for. They do not tell one work from another, since it may be asked for again. */
  readonly seen?: JsonObject
  /** Of the app, which it changes. */
  readonly stage: Stage
  readonly priority?: Submission['priority']
  readonly labels?: Submission['labels']
}

export interface StartRequest {
  readonly ctx: AppCtx
  /** Each begins when the one before is done. */
  readonly work: readonly [Work, ...Work[]]
  /** How long to wait for the end; 0: not at all. */
  readonly patienceMs: number
  /** The value of an `Idempotency-Key`: with the same one, the same person gets the same operation. */
  readonly key?: string | undefined
  /** What becomes of the work when whoever asked leaves while it is waited for. Default: it goes on. */
  readonly whenLeft?: 'cancel' | 'go on'
}

/** What became of the work so far. */
export interface Started {
  /** The last of the work: once it is done, all of it is. */
  readonly operation: Operation
  /** All of it, in its order. */
  readonly operations: readonly Operation[]
  readonly done: boolean
}

/**
 * Submits what somebody asked for, and waits for its end. Errors: those of `Jobs.submit`; that of an operation that failed while it was
 * waited for; `operation_cancelled` when somebody cancelled it; `cancelled` when whoever asked left; `conflict` for a key that was used for other work.
 */
export async function startWork(jobs: Jobs, request: StartRequest): Promise<Started> {
  const operations = await submit(jobs, request)
  const last = operations.at(-1)
  if (!last) throw otherWork()
  const operation = request.patienceMs > 0 ? succeeded(await endOf(jobs, last, request)) : last
  return { operation, operations, done: operation.state === 'done' }
}

async function submit(jobs: Jobs, { ctx, work, key: given }: StartRequest): Promise<readonly Operation[]> {
  const { app, requestId, principal } = ctx
  const key = given === undefined ? undefined : keyOf(ctx, given)
  const submissions = work.map(({ seen, args, ...part }): Submission => {
    return {
      ...part,
      args: { ...args, ...seen },
      app,
      by: principal.username,
      requestId,
      ...(key !== undefined && { key }),
    }
  })
  const operations = await jobs.submitChain(submissions)
  const isSame = (part: Work, place: number) => {
    const begun = operations[place]
    return part.job === begun?.job && canonicalJson(part.args) === canonicalJson(without(begun.args, part.seen))
  }
  if (operations.length !== work.length || !work.every(isSame)) throw otherWork()
  return operations
}

function without(args: Json, seen: JsonObject = {}): Json {
  return isObject(args) ? Object.fromEntries(Object.entries(args).filter(([name]) => !Object.hasOwn(seen, name))) : args
}

/** The keys of one person never meet those of another. */
function keyOf({ app, principal }: AppCtx, given: string): string {
  if (/^[\x21-\x7e]{1,255}$/.test(given)) return sha256(canonicalJson([principal.username, app, given]))
  throw new Problem('invalid_request', 'An Idempotency-Key has 1 to 255 visible ASCII characters.')
}

function otherWork(): Problem {
  return new Problem('conflict', 'This Idempotency-Key was used to start something else.')
}

async function endOf(jobs: Jobs, { id }: Operation, { ctx, patienceMs, whenLeft }: StartRequest): Promise<Operation> {
  try {
    return await jobs.ended(id, patienceMs, ctx.signal)
  } catch (error) {
    // It may have ended just now: then there is nothing left to cancel.
    if (ctx.signal.aborted && whenLeft === 'cancel') await jobs.cancel(id).catch(unlessEnded)
    throw error
  }
}

function unlessEnded(error: unknown): void {
  if (!isProblem(error, 'conflict')) throw error
}

function succeeded(operation: Operation): Operation {
  const { id, state, error } = operation
  if (state === 'cancelled') throw new Problem('operation_cancelled', `The operation ${id} was cancelled.`)
  if (state !== 'failed' || !error) return operation
  const code = Object.hasOwn(errorCatalogue, error.code) ? (error.code as ErrorCode) : 'internal'
  throw new Problem(code, error.detail, { errors: error.errors })
}
