import { nearestNames, Problem } from '../base/index.ts'
import type { Domain, PublishRequest, Release, ReleaseContent } from './release.ts'

/**
 * What production becomes: staging's own release when everything is published, otherwise production's content with the chosen
 * parts of staging's. Errors: `invalid_request` when a named domain is in neither stage; `not_loaded` when a domain would come to
 * production that has no rows yet.
 */
export function mergeParts(from: { staging: Release; production: Release; request: PublishRequest }): ReleaseContent {
  const { staging, production, request } = from
  if (!request.parts && !request.domains) {
    refuseUnread(staging.domains)
    return staging
  }
  const parts = request.parts ?? ['data']
  const domains = parts.includes('data') || request.domains ? mergeDomains(from) : production.domains
  const permissions = parts.includes('permissions') ? staging.permissions : production.permissions
  const queries = parts.includes('queries') ? staging.queries : production.queries
  refuseUnread(domains)
  return { domains, permissions, queries }
}

/** Production never gets worse by a domain that nobody can read. */
function refuseUnread(domains: Release['domains']): void {
  const unread = Object.entries(domains).filter(([, domain]) => isUnread(domain))
  if (unread.length === 0) return
  const errors = unread.map(([name]) => ({ path: '/domains', message: `"${name}" has no rows yet.` }))
  const names = unread.map(([name]) => `"${name}"`).join(', ')
  throw new Problem('not_loaded', `Staging cannot be published before ${names} was read.`, { errors })
}

function isUnread(domain: Domain): boolean {
  return domain.kind === 'stored' && domain.version === null
}

function mergeDomains({ staging, production, request }: Parameters<typeof mergeParts>[0]): Release['domains'] {
  if (!request.domains) return staging.domains
  const merged = new Map(Object.entries(production.domains))
  for (const name of request.domains) {
    const domain = Object.hasOwn(staging.domains, name) ? staging.domains[name] : undefined
    if (!domain && !merged.has(name)) throw unknownDomain(name, Object.keys(staging.domains))
    if (domain) merged.set(name, domain)
    else merged.delete(name)
  }
  return Object.fromEntries(merged)
}

function unknownDomain(name: string, names: readonly string[]): Problem {
  const nearest = nearestNames(name, names)
  return new Problem('invalid_request', `Staging has no domain "${name}".`, {
    errors: [{ path: '/domains', message: `Staging has no domain "${name}".`, nearest }],
  })
}
