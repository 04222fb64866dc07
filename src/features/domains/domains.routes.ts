import { z } from 'zod'
import { domainRule, privilegeOn } from '../../access/index.ts'
import { Problem } from '../../base/index.ts'
import type { Catalog, Domain, Release } from '../../catalog/index.ts'
import { appRoute, expectedVersion, type Route, type Upload } from '../../http/index.ts'
import type { Rows, VersionInfo } from '../../rows/index.ts'
import { type ConnectorOf, readDefinition } from './definitions.ts'
import {
  domainAnswer,
  domainBody,
  domainDefinition,
  domainName,
  domainSummary,
  sourceSummary,
  uploadData,
} from './domains.schema.ts'
import type { Uploads } from './uploads.ts'

export interface DomainsDeps {
  readonly catalog: Catalog
  readonly rows: Rows
  readonly uploads: Uploads
  /** The type of a connection's connector. Errors: `not_found`. */
  readonly connectorOf: ConnectorOf
  readonly whenUnset: 'allow' | 'deny'
}

export function domainsRoutes(deps: DomainsDeps): Route[] {
  return [
    listDomains(deps),
    listSources(deps),
    uploadSource(deps),
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
    summary: 'The uploaded sources of the app',
    response: z.array(sourceSummary),
    async handle({ app, stage }) {
      const release = await catalog.current(app, stage)
      return { body: (await describeAll(rows, release)).map((info) => presentSource(info, release)) }
    },
  })
}

function uploadSource({ uploads }: DomainsDeps): Route {
  return appRoute({
    method: 'POST',
    url: '/data/sources',
    action: 'domains.write',
    summary: 'Upload a CSV file as a new version of a domain in staging',
    upload: true,
    response: z.strictObject({
      message: z.string(),
      domain: z.string(),
      version: z.string(),
      count: z.int(),
      columns: sourceSummary.shape.columns,
    }),
    async handle({ app, principal, signal }, { upload }) {
      const { fields, file } = await upload()
      const { domain, filename } = readNames(fields, file)
      const info = await uploads.accept({ app, domain, filename, file, by: principal.username, signal })
      const { version, count, columns } = info
      return {
        status: 201,
        body: { message: `"${domain}" has ${count} rows in staging.`, domain, version, count, columns: [...columns] },
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
  if (kind === 'stored') return { domain, kind }
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
      'Make a domain in staging that is read from a connection or worked out from other domains when it is asked for',
    params: z.strictObject({ app: z.string(), domain: domainName }),
    body: domainBody,
    response: domainAnswer,
    async handle({ app, principal }, { params: { domain }, body, headers }) {
      const definition = await readDefinition(app, body, deps)
      await deps.catalog.edit(app, (staging) => ({ domains: { ...staging.domains, [domain]: definition } }), {
        by: principal.username,
        expected: expectedVersion(headers),
      })
      return { body: { message: `"${domain}" is in staging.`, domain, kind: definition.kind } }
    },
  })
}

async function describeAll(rows: Rows, release: Release): Promise<VersionInfo[]> {
  const stored = Object.values(release.domains).filter((domain) => domain.kind === 'stored')
  const infos = await Promise.all(stored.map(({ version }) => rows.describe(version)))
  return infos.filter((info) => info !== null).sort((a, b) => (a.domain < b.domain ? -1 : 1))
}

function presentSource(info: VersionInfo, release: Release): z.input<typeof sourceSummary> {
  const domain = release.domains[info.domain]
  const source = domain?.kind === 'stored' ? domain.source : null
  return {
    domain: info.domain,
    filename: source?.name ?? null,
    size: source?.size ?? null,
    version: info.version,
    count: info.count,
    columns: [...info.columns],
    uploaded_at: new Date(info.createdAt).toISOString(),
  }
}

function readNames(fields: Upload['fields'], file: Upload['file']): { domain: string; filename: string } {
  const data = uploadData.safeParse(parseData(fields.data))
  if (!data.success) throw invalidNames(data.error.issues)
  const filename = data.data.filename ?? file.filename
  const domain = domainName.safeParse(fields.domain ?? data.data.domain ?? filename.replace(/\.[^.]*$/, ''))
  if (!domain.success) throw invalidNames(domain.error.issues)
  return { domain: domain.data, filename }
}

function parseData(text: string | undefined): unknown {
  if (text === undefined) return {}
  try {
    return JSON.parse(text)
  } catch {
    throw new Problem('invalid_request', 'The field "data" is not JSON.', {
      errors: [{ path: '/data', message: 'Not JSON.' }],
    })
  }
}

function invalidNames(issues: readonly z.core.$ZodIssue[]): Problem {
  const errors = issues.map((issue) => ({ path: `/data/${issue.path.join('/')}`, message: issue.message }))
  return new Problem('invalid_request', errors[0]?.message ?? 'The upload names no domain.', { errors })
}
