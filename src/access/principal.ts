import type { Json, Log } from '../base/index.ts'

export const roles = ['USER', 'ADMIN', 'SUPER_ADMIN'] as const
export type Role = (typeof roles)[number]

/** From lowest to highest; each includes the ones before it. */
export const privileges = ['view', 'validate', 'contribute'] as const
export type Privilege = (typeof privileges)[number]

export const stages = ['staging', 'production'] as const
export type Stage = (typeof stages)[number]

/** Who asks: made by authentication at each request, from what is true now. Never changed afterwards. */
export interface Principal {
  readonly username: string
  readonly roles: readonly Role[]
  /** Privileges by app id. */
  readonly privileges: { readonly [app: string]: readonly Privilege[] }
  readonly groups: readonly string[]
  readonly attributes: { readonly [name: string]: Json }
}

/** What a request carries through the rooms, always the first argument. `signal` aborts when the client leaves. */
export interface Ctx {
  readonly principal: Principal
  readonly requestId: string
  /** Of the client, where there is one. */
  readonly address?: string
  readonly log: Log
  readonly signal: AbortSignal
}

/** A request to one app at one stage. */
export interface AppCtx extends Ctx {
  readonly app: string
  readonly stage: Stage
}
