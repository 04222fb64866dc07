import type { Readable } from 'node:stream'
import type { z } from 'zod'
import type { Action, AppCtx, Ctx } from '../access/index.ts'
import type { Coding } from './content-coding.ts'

type Shape = z.ZodType

/**
 * What a handler gives back. A plain value is checked against `response` and sent as JSON; bytes are sent as they are. An `etag`
 * header that the client has already makes the answer of a reading route a 304.
 */
export interface Reply<T> {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: T | Buffer | Readable | null
  /**
   * Gives the body, which is then a buffer, in a compressed form: sent instead of it to clients that take one. Their `ETag` is that of
   * the body with the name of the coding behind it, and `Vary` is added to.
   */
  readonly compressed?: ((coding: Coding) => Promise<Buffer>) | undefined
}

/** The context of somebody who signed in. */
export interface SignedInCtx extends Ctx {
  /** The session that signing out ends; null for a request with a password (HTTP Basic). */
  readonly session: string | null
}

/** The same in a request to an app. */
export interface SignedInAppCtx extends AppCtx {
  readonly session: string | null
}

/** The context of a route that anybody may call: nobody is known. */
export interface PublicCtx extends Omit<Ctx, 'principal' | 'address'> {
  /** Of the client. */
  readonly address: string
}

/** One file of a multipart upload while it streams in. */
export interface UploadedPart {
  readonly filename: string
  readonly stream: Readable
  /** True once the stream was cut because it is larger than the limit: look after reading to the end. */
  truncated(): boolean
}

/** Reads a multipart body: text fields as they come, the first file as a stream. Errors: `invalid_request`, `too_large`. */
export interface Upload {
  readonly fields: Readonly<Record<string, string>>
  readonly file: UploadedPart
}

export interface Input<P extends Shape, Q extends Shape, B extends Shape> {
  readonly params: z.output<P>
  readonly query: z.output<Q>
  readonly body: z.output<B>
  readonly headers: Readonly<Record<string, string | undefined>>
  /** Milliseconds of monotonic time when the request came in, for `Server-Timing`. */
  readonly startedAt: number
  /** Whether the request came over https, as far as a trusted proxy tells. */
  readonly secure: boolean
  /** The body as it came, on routes with `recall`, if the request is one that could be recalled. */
  readonly bytes: Buffer | undefined
  /** Only on routes with `upload: true`. Errors: `invalid_request`, `unsupported_media_type`. */
  upload(): Promise<Upload>
}

interface RouteBase<P extends Shape, Q extends Shape, B extends Shape, R extends Shape> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly summary: string
  readonly params?: P
  readonly query?: Q
  readonly body?: B
  readonly response?: R
  /** The body is multipart and is read by the handler. */
  readonly upload?: boolean
  /** Extra statuses that the OpenAPI page should list. */
  readonly errors?: readonly number[]
}

/** A route of the instance. `action` is authorised before the handler runs. */
export interface InstanceRoute<P extends Shape, Q extends Shape, B extends Shape, R extends Shape>
  extends RouteBase<P, Q, B, R> {
  readonly scope: 'instance'
  readonly url: `/${string}`
  readonly action: Action
  handle(ctx: SignedInCtx, input: Input<P, Q, B>): Promise<Reply<z.input<R>>>
}

/** A request before its body is parsed. */
export interface RecallInput extends Pick<Input<Shape, Shape, Shape>, 'headers' | 'startedAt'> {
  readonly bytes: Buffer
}

/** A route of an app: served at `/<app><url>`, with `?stage=`; `action` is authorised on that app before the handler runs. */
export interface AppRoute<P extends Shape, Q extends Shape, B extends Shape, R extends Shape>
  extends RouteBase<P, Q, B, R> {
  readonly scope: 'app'
  readonly url: `/${string}`
  readonly action: Action
  handle(ctx: SignedInAppCtx, input: Input<P, Q, B>): Promise<Reply<z.input<R>>>
  /**
   * The answer to a request that `handle` has answered before for the same principal and the same bytes, at once: then the body is
   * neither parsed nor checked again. Undefined for whatever is not known. Asked only for requests that nothing but their body
   * describes: no query, no `Idempotency-Key`.
   */
  recall?(ctx: AppCtx, input: RecallInput): Reply<never> | undefined
}

/** A route that needs no sign-in: it has no principal at all. */
export interface PublicRoute<P extends Shape, Q extends Shape, B extends Shape, R extends Shape>
  extends RouteBase<P, Q, B, R> {
  readonly scope: 'public'
  readonly url: `/${string}`
  /** Files are taken from people who signed in only. */
  readonly upload?: never
  handle(ctx: PublicCtx, input: Input<P, Q, B>): Promise<Reply<z.input<R>>>
}

/** Any route, its types forgotten: what the server registers. Made by `instanceRoute`, `appRoute` and `publicRoute`. */
export type Route =
  | InstanceRoute<Shape, Shape, Shape, Shape>
  | AppRoute<Shape, Shape, Shape, Shape>
  | PublicRoute<Shape, Shape, Shape, Shape>

export type RecallingRoute = Extract<Route, { scope: 'app' }> &
  Required<Pick<Extract<Route, { scope: 'app' }>, 'recall'>>

/** Whether answers of a route can be recalled: then the body comes to the handler as bytes, which parses and checks it if need be. */
export function mayRecall(route: Route | null): route is RecallingRoute {
  return route?.scope === 'app' && route.recall !== undefined
}

type Defined<T> = Omit<T, 'scope'>

export function instanceRoute<P extends Shape, Q extends Shape, B extends Shape, R extends Shape>(
  route: Defined<InstanceRoute<P, Q, B, R>>,
): Route {
  return { ...route, scope: 'instance' } as Route
}

export function appRoute<P extends Shape, Q extends Shape, B extends Shape, R extends Shape>(
  route: Defined<AppRoute<P, Q, B, R>>,
): Route {
  return { ...route, scope: 'app' } as Route
}

export function publicRoute<P extends Shape, Q extends Shape, B extends Shape, R extends Shape>(
  route: Defined<PublicRoute<P, Q, B, R>>,
): Route {
  return { ...route, scope: 'public' } as Route
}
