import type { Domain, Release, StoredDomain, UploadSource } from './release.ts'

/** A release as it may have been written by an earlier version, when all sources were uploads. */
export interface KeptRelease extends Omit<Release, 'domains'> {
  readonly domains: { readonly [name: string]: Exclude<Domain, StoredDomain> | KeptDomain }
}

type KeptDomain = Omit<StoredDomain, 'source'> & {
  readonly source: StoredDomain['source'] | Omit<UploadSource, 'kind'>
}

export function asOfNow(release: KeptRelease): Release {
  const domains = Object.entries(release.domains).map(([name, domain]) => [name, domainAsOfNow(domain)] as const)
  return { ...release, domains: Object.fromEntries(domains) }
}

function domainAsOfNow(domain: KeptRelease['domains'][string]): Domain {
  if (domain.kind !== 'stored') return domain
  const { source } = domain
  return { ...domain, source: source === null || 'kind' in source ? source : { kind: 'upload', ...source } }
}
