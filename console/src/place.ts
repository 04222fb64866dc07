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

/** Builders of an app, and administrators, may look at it as somebody else. */
export function buildsApp(me: Me, app: string): boolean {
  return isAdministrator(me) || privilegesOn(me, app).includes('contribute')
}

/** Staging is for those who validate or build the app, and for administrators. */
export function maySeeStaging(me: Me, app: string): boolean {
  return buildsApp(me, app) || privilegesOn(me, app).includes('validate')
}

function isAdministrator({ roles }: Me): boolean {
  return roles.includes('ADMIN') || roles.includes('SUPER_ADMIN')
}

function privilegesOn({ privileges }: Me, app: string): readonly string[] {
  return Object.hasOwn(privileges, app) ? (privileges[app] ?? []) : []
}
