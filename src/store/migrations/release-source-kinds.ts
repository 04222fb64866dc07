import { isObject } from '../../base/index.ts'
import { type AnyDoc, type Migration, rewriteAll } from './migration.ts'

/** Once all sources of stored domains were uploads; now each says what kind of source it is. */
export const releaseSourceKinds: Migration = {
  name: '0001-release-source-kinds',
  run: (store, signal) => rewriteAll(store.documents('releases'), withKinds, signal),
}

function withKinds(release: AnyDoc): AnyDoc | undefined {
  if (!isObject(release.domains)) return undefined
  const domains = Object.entries(release.domains)
  if (!domains.some(([, domain]) => sourceWithoutKind(domain))) return undefined
  // `fromEntries` takes any name for a name.
  return { ...release, domains: Object.fromEntries(domains.map(([name, domain]) => [name, withKind(domain)])) }
}

function withKind(domain: unknown): unknown {
  const source = sourceWithoutKind(domain)
  return isObject(domain) && source ? { ...domain, source: { kind: 'upload', ...source } } : domain
}

function sourceWithoutKind(domain: unknown): object | undefined {
  if (!isObject(domain) || domain.kind !== 'stored' || !isObject(domain.source)) return undefined
  return 'kind' in domain.source ? undefined : domain.source
}
