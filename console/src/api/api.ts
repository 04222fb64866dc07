import type { InjectionKey } from 'vue'
import type { Step } from '../pipelines.ts'
import type { Outcome, Request } from './request.ts'
import type { Answer, Domain, Me, Operation, Slice, SmallApp, Stage, Started, ViewAs } from './types.ts'

/** An app at a stage: whose data is asked for. */
export interface Place {
  readonly app: string
  readonly stage: Stage
  /** With whose rights a builder looks; absent or null: with their own. */
  readonly viewAs?: ViewAs | null
}

export interface DataQuery {
  readonly domain: string
  readonly pipeline: readonly Step[]
  readonly slice: Slice
  /** Whether the answer tells how it came about. One that is seen as somebody else always does. */
  readonly explain?: boolean
}

/** The routes that the console calls. */
export interface Api {
  signIn(username: string, password: string): Promise<Outcome<unknown>>
  signOut(): Promise<Outcome<unknown>>
  me(): Promise<Outcome<Me>>
  apps(signal: AbortSignal): Promise<Outcome<readonly SmallApp[]>>
  domains(place: Place, signal: AbortSignal): Promise<Outcome<readonly Domain[]>>
  data(place: Place, query: DataQuery, signal: AbortSignal): Promise<Outcome<Answer>>
  /** The newest of an app. */
  operations(app: string, signal: AbortSignal): Promise<Outcome<readonly Operation[]>>
  operation(app: string, id: string): Promise<Outcome<Operation>>
  /** Reads the sources of the data in staging again. */
  refresh(app: string): Promise<Outcome<Started>>
  /** Makes production what staging is. */
  publish(app: string): Promise<Outcome<Started>>
  cancel(app: string, id: string): Promise<Outcome<Operation>>
  /** What opens one websocket. */
  ticket(): Promise<Outcome<{ readonly ticket: string }>>
}

/** The console shows no more of them. */
export const shownOperations = 20

export const apiKey: InjectionKey<Api> = Symbol('api')

export function createApi(request: Request): Api {
  return {
    signIn: (username, password) => request('/login', { method: 'POST', body: { username, password } }),
    signOut: () => request('/logout', { method: 'POST' }),
    me: () => request('/me'),
    apps: (signal) => request('/small-apps', { signal }),
    domains: (place, signal) => request(appPath(place, '/data/domains'), { signal }),
    data(place, { domain, pipeline, slice, explain = false }, signal) {
      const query = { domain, pipeline, ...slice }
      if (place.viewAs) {
        const body = { ...place.viewAs, ...query }
        return request(appPath(place, '/permissions/simulate'), { method: 'POST', body, signal })
      }
      const path = `${appPath(place, '/data')}${explain ? '&explain=true' : ''}`
      return request(path, { method: 'POST', body: query, signal })
    },
    operations: (app, signal) => request(`/${encodeURIComponent(app)}/operations?limit=${shownOperations}`, { signal }),
    operation: (app, id) => request(operationPath(app, id)),
    refresh: (app) => request(`/${encodeURIComponent(app)}/data/preprocess`, { method: 'POST' }),
    publish: (app) => request(`/${encodeURIComponent(app)}/data/release`, { method: 'POST' }),
    cancel: (app, id) => request(`${operationPath(app, id)}/cancel`, { method: 'POST' }),
    ticket: () => request('/live/ticket', { method: 'POST' }),
  }
}

function appPath({ app, stage }: Place, path: string): string {
  return `/${encodeURIComponent(app)}${path}?stage=${stage}`
}

function operationPath(app: string, id: string): string {
  return `/${encodeURIComponent(app)}/operations/${encodeURIComponent(id)}`
}
