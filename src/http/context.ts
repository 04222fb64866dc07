import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Stage } from '../access/index.ts'
import type { Authenticated } from '../auth/index.ts'
import { type Log, Problem } from '../base/index.ts'
import type { PublicCtx, Route, SignedInAppCtx, SignedInCtx } from './route.ts'

/** The app and the stage that a request is about. */
export interface Target {
  readonly app: string
  readonly stage: Stage
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks: set by the hook of the scope that needs a sign-in. */
    caller: Authenticated | null
    target: Target | null
    /** Set once the caller is known. */
    route: Route | null
    /** The body as it came, where the request may be recalled by it. */
    bytes: Buffer | null
    /** Monotonic milliseconds. */
    startedAt: number
  }
  interface FastifyContextConfig {
    laputa?: Route
  }
}

interface Exchange {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly log: Log
}

/**
 * What every context has. Log and signal cost something, so they are made when they are first asked for: most requests need
 * neither. A class, because accessors in an object literal give each object a hidden class of its own, which halves the speed.
 */
class RequestContext {
  readonly #exchange: Exchange
  #log: Log | undefined
  #signal: AbortSignal | undefined

  constructor(exchange: Exchange) {
    this.#exchange = exchange
  }

  get requestId(): string {
    return this.#exchange.request.id
  }

  get address(): string {
    return this.#exchange.request.ip
  }

  get log(): Log {
    this.#log ??= this.#exchange.log.child({ requestId: this.requestId })
    return this.#log
  }

  get signal(): AbortSignal {
    this.#signal ??= signalOf(this.#exchange.reply)
    return this.#signal
  }
}

/** Aborts when the connection closes before the answer is wholly sent. */
function signalOf({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController()
  const abort = () => {
    if (!raw.writableFinished) controller.abort(new Problem('cancelled', 'The client left.'))
  }
  if (raw.destroyed) abort()
  else raw.once('close', abort)
  return controller.signal
}

export function publicContext(exchange: Exchange): PublicCtx {
  return new RequestContext(exchange)
}

export function signedInContext(exchange: Exchange): SignedInCtx {
  const { principal, session } = callerOf(exchange.request)
  return Object.assign(new RequestContext(exchange), { principal, session })
}

export function appContext(exchange: Exchange): SignedInAppCtx {
  const { principal, session } = callerOf(exchange.request)
  const { target } = exchange.request
  if (!target) throw new Problem('internal', 'A route of an app was reached without an app.')
  return Object.assign(new RequestContext(exchange), { principal, session, app: target.app, stage: target.stage })
}

export function callerOf({ caller }: FastifyRequest): Authenticated {
  if (!caller) throw new Problem('internal', 'A route that needs a sign-in was reached without one.')
  return caller
}
