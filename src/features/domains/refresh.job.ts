import { z } from 'zod'
import { canonicalJson, isProblem, type Json, nearestNames, Problem } from '../../base/index.ts'
import type { Catalog, Domain, Release, StoredDomain } from '../../catalog/index.ts'
import { defineJob, type JobCtx, type JobDefinition } from '../../jobs/index.ts'
import type { Rows } from '../../rows/index.ts'
import type { Refreshed } from './import.job.ts'
import { isIn, type NewVersion } from './new-version.ts'
import type { ReadSource } from './read-source.ts'

export interface RefreshDeps {
  readonly catalog: Catalog
  readonly rows: Pick<Rows, 'describe'>
  readonly readSource: ReadSource
  readonly refreshed: Refreshed
}

/** `domains`: those to read again; all that have a source when absent. */
const args = z.strictObject({
  app: z.string(),
  stage: z.literal('staging'),
  domains: z.array(z.string()).min(1).optional(),
})

type Args = z.output<typeof args>

/** A stored domain that can be read again. */
type Readable = StoredDomain & { readonly source: NonNullable<StoredDomain['source']> }
type Readables = ReadonlyMap<string, Readable>

/**
 * Reads the sources of the stored domains of staging again, each into a new version. All or nothing: one release names all the new versions,
 * or none is ever seen.
 */
export function refreshJob(deps: RefreshDeps): JobDefinition {
  return defineJob<Args>({
    name: 'refresh',
    version: 1,
    queue: 'heavy',
    args,
    lock: ({ app, stage }) => `refresh:${app}:${stage}`,
    retries: 2,
    run: (...it) => run(deps, ...it),
  })
}

async function run(deps: RefreshDeps, ctx: JobCtx, { app, domains: names }: Args): Promise<Json> {
  const { catalog } = deps
  const operation = { id: ctx.operation, attempt: ctx.attempt }
  const done = await catalog.begin(app, operation)
  if (done) return finish(deps, ctx, { release: done, made: await versionsOf(deps, named(readableOf(done), names)) })
  const before = await catalog.current(app, 'staging')
  const chosen = chooseDomains(before, names)
  if (chosen.size === 0) {
    ctx.say('No domain of the app has a source to read again.')
    return { release: before.id, domains: [], skipped: [] }
  }
  const made = await readAll(deps, ctx, { app, chosen })
  ctx.signal.throwIfAborted()
  ctx.progress({ stage: 'putting it together', percent: 100 })
  const release = await catalog.edit(app, (staging) => ({ domains: withVersions(staging, { chosen, made }) }), {
    by: ctx.by ?? 'laputa',
    operation,
  })
  return finish(deps, ctx, { release, made })
}

/** Errors: `invalid_request` for domains that are not there or cannot be read again, with the nearest names. */
function chooseDomains(release: Release, names: readonly string[] | undefined): Readables {
  const all = readableOf(release)
  const unknown = (names ?? []).filter((name) => !all.has(name))
  if (unknown.length === 0) return named(all, names)
  const errors = unknown.map((name) => ({
    path: '/domains',
    message: `Staging has no stored domain "${name}" with a source.`,
    nearest: nearestNames(name, [...all.keys()]),
  }))
  throw new Problem('invalid_request', errors[0]?.message ?? '', { errors })
}

function readableOf({ domains }: Release): Readables {
  return new Map(Object.entries(domains).filter((entry): entry is [string, Readable] => isReadable(entry[1])))
}

function named(all: Readables, names: readonly string[] | undefined): Readables {
  return names ? new Map([...all].filter(([name]) => names.includes(name))) : all
}

function isReadable(domain: Domain): domain is Readable {
  return domain.kind === 'stored' && domain.source !== null
}

interface Chosen {
  readonly app: string
  readonly chosen: Readables
}

/** One after the other: each may take all the memory that a job has. */
async function readAll({ readSource }: RefreshDeps, ctx: JobCtx, { app, chosen }: Chosen): Promise<NewVersion[]> {
  const made: NewVersion[] = []
  for (const [domain, { source, version: before }] of chosen) {
    const percent = (made.length / chosen.size) * 100
    ctx.progress({ stage: `reading ${domain}`, percent })
    const progress: JobCtx['progress'] = (at) =>
      ctx.progress({ stage: at.stage, percent: percent + (at.percent ?? 0) / chosen.size })
    const version = await readSource({ app, domain, source, before }, { signal: ctx.signal, progress }).catch(
      naming(domain),
    )
    ctx.say(`${domain}: ${version.count.toLocaleString('en')} rows`)
    made.push(version)
  }
  return made
}

/** Of several domains, people have to know which. */
function naming(domain: string) {
  return (error: unknown): never => {
    if (!isProblem(error)) throw error
    const { code, message, errors, cause } = error
    throw new Problem(code, `"${domain}": ${message}`, { errors, cause })
  }
}

/** Domains that somebody removed or gave another source meanwhile are theirs. */
function withVersions(
  { domains }: Release,
  { chosen, made }: { chosen: Chosen['chosen']; made: readonly NewVersion[] },
): Release['domains'] {
  const fresh = made.flatMap(({ domain, version }) => {
    const [now, read] = [Object.hasOwn(domains, domain) ? domains[domain] : undefined, chosen.get(domain)]
    const same = now?.kind === 'stored' && read && canonicalJson(now.source) === canonicalJson(read.source)
    return same ? [[domain, { ...now, version }] as const] : []
  })
  return { ...domains, ...Object.fromEntries(fresh) }
}

async function versionsOf({ rows }: RefreshDeps, domains: Readables): Promise<NewVersion[]> {
  const infos = await Promise.all([...domains.values()].map(({ version }) => version && rows.describe(version)))
  return infos.flatMap((info) => (info ? [{ ...info, columns: [...info.columns] }] : []))
}

interface Effect {
  readonly release: Release
  readonly made: readonly NewVersion[]
}

function finish({ refreshed }: RefreshDeps, ctx: JobCtx, { release, made }: Effect): Json {
  const taken = made.filter((entry) => isIn(release, entry))
  const skipped = made.filter((entry) => !isIn(release, entry)).map(({ domain }) => domain)
  for (const domain of skipped) ctx.say(`${domain}: left as it is, because somebody changed it meanwhile`)
  refreshed({ app: release.app, release: release.id, domains: taken.map(({ domain }) => domain) })
  const domains = taken.map(({ domain, version, count }) => ({ domain, version, count }))
  return { release: release.id, domains, skipped }
}
