import type { InjectionKey } from 'vue'
import type { Step } from '../pipelines.ts'
import type { Outcome, Request } from './request.ts'
import type { Answer, Domain, Me, Slice, SmallApp, Stage, ViewAs } from './types.ts'

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
}

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
  }
}

function appPath({ app, stage }: Place, path: string): string {
  return `/${encodeURIComponent(app)}${path}?stage=${stage}`
}
