import { z } from 'zod'
import { domainRule, privilegeOn } from '../../access/index.ts'
import { canonicalJson, Problem } from '../../base/index.ts'
import type { Catalog, Domain, Release, StoredDomain } from '../../catalog/index.ts'
import { appRoute, expectedVersion, type Route } from '../../http/index.ts'
import type { Jobs } from '../../jobs/index.ts'
import type { Rows, VersionInfo } from '../../rows/index.ts'
import type { ChunkedUploads } from './chunked-uploads.ts'
import { type ConnectorOf, readDefinition } from './definitions.ts'
import {
  domainAnswer,
  domainBody,
  domainDefinition,
  domainName,
  domainSummary,
  sourceSummary,
} from './domains.schema.ts'
import { refreshRoute } from './refresh.routes.ts'
import { uploadRoute } from './upload.routes.ts'
import type { Uploads } from './uploads.ts'

export interface DomainsDeps {
  readonly catalog: Catalog
  readonly rows: Rows
  readonly jobs: Jobs
  readonly uploads: Uploads
  readonly chunkedUploads: ChunkedUploads
  /** The type of a connection's connector. Errors: `not_found`. */
  readonly connectorOf: ConnectorOf
  readonly whenUnset: 'allow' | 'deny'
}

export function domainsRoutes(deps: DomainsDeps): Route[] {
  return [
    listDomains(deps),
    listSources(deps),
    uploadRoute(deps),
    refreshRoute(deps),
    removeSource(deps, '/data/sources/:domain'),
    readDomain(deps),
    writeDomain(deps),
    removeSource(deps, '/data/domains/:domain'),
  ]
}

function listDomains({ catalog, rows, whenUnset }: DomainsDeps): Route {
  return appRoute({
    method: 'GET',
    url: '/data/domains',
    action: 'data.read',
    summary: 'The domains of the app with their columns',
    response: z.array(domainSummary),
    async handle({ app, stage, principal }) {
      const release = await catalog.current(app, stage)
      const versions = new Map((await describeAll(rows, release)).map((info) => [info.domain, info]))
      // How many rows exist is not for people whose rows are limited.
      const mayCount = privilegeOn(principal, app) === 'contribute'
      return {
        body: Object.entries(release.domains)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([domain, { kind }]) => {
            const info = versions.get(domain)
            const { kept } = domainRule(recordsOf(release, domain), { principal, app, stage, whenUnset })
            const columns = (info?.columns ?? []).filter(({ name }) => !kept?.hide.includes(name))
            return { domain, kind, columns, count: mayCount ? (info?.count ?? null) : null }
          }),
      }
    },
  })
}

function recordsOf({ permissions }: Release, domain: string) {
  return Object.hasOwn(permissions, domain) ? (permissions[domain] ?? []) : []
}

function listSources({ catalog, rows }: DomainsDeps): Route {
  return appRoute({
    method: 'GET',
    url: '/data/sources',
    action: 'domains.read',
    summary: 'The sources of the stored domains of the app: files, and queries of connections',
    response: z.array(sourceSummary),
    async handle({ app, stage }) {
      const release = await catalog.current(app, stage)
      const infos = new Map((await describeAll(rows, release)).map((info) => [info.version, info]))
      return {
        body: storedIn(release).map(([name, domain]) => presentSource(name, domain, infos.get(domain.version ?? ''))),
      }
    },
  })
}

function removeSource({ catalog }: DomainsDeps, url: '/data/sources/:domain' | '/data/domains/:domain'): Route {
  return appRoute({
    method: 'DELETE',
    url,
    action: 'domains.write',
    summary: 'Remove a domain from staging',
    params: z.strictObject({ app: z.string(), domain: domainName }),
    response: z.strictObject({ message: z.string() }),
    async handle({ app, principal }, { params: { domain }, headers }) {
      await catalog.edit(
        app,
        (staging) => {
          if (!Object.hasOwn(staging.domains, domain))
            throw new Problem('not_found', `Staging has no domain "${domain}".`)
          const { [domain]: _, ...domains } = staging.domains
          return { domains }
        },
        { by: principal.username, expected: expectedVersion(headers) },
      )
      return { body: { message: `"${domain}" is gone from staging; production keeps it until the next publication.` } }
    },
  })
}

function readDomain({ catalog }: DomainsDeps): Route {
  return appRoute({
    method: 'GET',
    url: '/data/domains/:domain',
    action: 'domains.read',
    summary: 'How a domain is made',
    params: z.strictObject({ app: z.string(), domain: domainName }),
    response: domainDefinition,
    async handle({ app, stage }, { params: { domain } }) {
      const { domains } = await catalog.current(app, stage)
      const found = Object.hasOwn(domains, domain) ? domains[domain] : undefined
      if (!found) throw new Problem('not_found', `There is no domain "${domain}" at this stage.`)
      return { body: presentDomain(domain, found) }
    },
  })
}

function presentDomain(domain: string, found: Domain): z.input<typeof domainDefinition> {
  const { kind } = found
  if (kind === 'stored') {
    const { version, source } = found
    if (source?.kind !== 'connection') return { domain, kind, version }
    const { connection, connector, query } = source
    return { domain, kind, version, connection, connector, query }
  }
  if (kind === 'derived') return { domain, kind, pipeline: [...found.pipeline] }
  const { connection, connector, query, ttlMs } = found
  return { domain, kind, connection, connector, query, cache_ttl: ttlMs === null ? null : ttlMs / 1000 }
}

function writeDomain(deps: DomainsDeps): Route {
  return appRoute({
    method: 'PUT',
    url: '/data/domains/:domain',
    action: 'domains.write',
    summary:
      'Make a domain in staging that reads a connection, at each refresh or when it is asked for, or is worked out from other domains',
    params: z.strictObject({ app: z.string(), domain: domainName }),
    body: domainBody,
    response: domainAnswer,
    async handle({ app, principal }, { params: { domain }, body, headers }) {
      const definition = await readDefinition(app, body, deps)
      const edit = ({ domains }: Release) => {
        const before = Object.hasOwn(domains, domain) ? domains[domain] : undefined
        return { domains: { ...domains, [domain]: keepRows(definition, before) } }
      }
      const options = { by: principal.username, expected: expectedVersion(headers) }
      await deps.catalog.edit(app, edit, options)
      return { body: { message: `"${domain}" is in staging.`, domain, kind: definition.kind } }
    },
  })
}

/** Writing a domain once more as it is takes its rows from nobody. */
function keepRows(next: Domain, before: Domain | undefined): Domain {
  if (next.kind !== 'stored' || before?.kind !== 'stored') return next
  return canonicalJson(next.source) === canonicalJson(before.source) ? before : next
}

async function describeAll(rows: Rows, release: Release): Promise<VersionInfo[]> {
  const versions = storedIn(release).flatMap(([, { version }]) => version ?? [])
  const infos = await Promise.all(versions.map((version) => rows.describe(version)))
  return infos.filter((info) => info !== null)
}

/** In the order of their names. */
function storedIn({ domains }: Release): (readonly [string, StoredDomain])[] {
  return Object.entries(domains)
    .flatMap(([name, domain]) => (domain.kind === 'stored' ? [[name, domain] as const] : []))
    .sort(([a], [b]) => (a < b ? -1 : 1))
}

function presentSource(
  domain: string,
  { version, source }: StoredDomain,
  info: VersionInfo | undefined,
): z.input<typeof sourceSummary> {
  const file = source?.kind === 'upload' ? source : null
  return {
    domain,
    filename: file?.name ?? null,
    size: file?.size ?? null,
    connection: source?.kind === 'connection' ? source.connection : null,
    version,
    count: info?.count ?? null,
    columns: [...(info?.columns ?? [])],
    uploaded_at: info ? new Date(info.createdAt).toISOString() : null,
  }
}
