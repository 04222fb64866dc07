import type { Me, Stage } from './api/types.ts'

/** What the page shows, as its address says it; null where the address says nothing. */
export interface Address {
  readonly app: string | null
  readonly stage: Stage
  readonly domain: string | null
}

export function readAddress(search: string): Address {
  const params = new URLSearchParams(search)
  return {
    app: params.get('app'),
    stage: params.get('stage') === 'staging' ? 'staging' : 'production',
    domain: params.get('domain'),
  }
}

export function writeAddress({ app, stage, domain }: Address): string {
  const params = new URLSearchParams()
  if (app !== null) params.set('app', app)
  if (stage === 'staging') params.set('stage', stage)
  if (domain !== null) params.set('domain', domain)
  return params.size === 0 ? '' : `?${params}`
}

/** Staging is for those who validate or build the app, and for administrators. */
export function maySeeStaging(me: Me, app: string): boolean {
  if (me.roles.includes('ADMIN') || me.roles.includes('SUPER_ADMIN')) return true
  const held = Object.hasOwn(me.privileges, app) ? (me.privileges[app] ?? []) : []
  return held.includes('validate') || held.includes('contribute')
}
