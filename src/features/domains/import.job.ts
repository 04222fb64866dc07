import { z } from 'zod'
import type { Json } from '../../base/index.ts'
import type { Catalog, Release, UploadSource } from '../../catalog/index.ts'
import { defineJob, type JobCtx, type JobDefinition } from '../../jobs/index.ts'
import type { Rows } from '../../rows/index.ts'
import { isIn, type NewVersion, newVersion } from './new-version.ts'
import type { ReadSource } from './read-source.ts'

export interface ImportDeps {
  readonly catalog: Catalog
  readonly rows: Rows
  readonly readSource: ReadSource
  readonly refreshed: Refreshed
}

/** Tells that rows of staging are new. */
export type Refreshed = (news: { app: string; release: string; domains: readonly string[] }) => void

const args = z.strictObject({
  app: z.string(),
  domain: z.string(),
  file: z.strictObject({ name: z.string(), blob: z.string(), size: z.int() }),
  /** The operation that staging's file was from when this one was sent; null: there was none. */
  before: z.string().nullable(),
})

type Args = z.output<typeof args>

export const importResult = newVersion.extend({ release: z.string() })

/** Makes an uploaded file, which is a blob already, a new version of a domain in staging. */
export function importJob(deps: ImportDeps): JobDefinition {
  return defineJob<Args>({
    name: 'import',
    version: 1,
    queue: 'heavy',
    args,
    retries: 2,
    run: (...it) => run(deps, ...it),
  })
}

async function run(deps: ImportDeps, ctx: JobCtx, { app, domain, file, before }: Args): Promise<Json> {
  const operation = { id: ctx.operation, attempt: ctx.attempt }
  const done = await deps.catalog.begin(app, operation)
  if (done) return finish(deps, done, await describe(deps, done, domain))
  ctx.progress({ stage: `reading ${domain}` })
  const source: UploadSource = { kind: 'upload', ...file, operation: ctx.operation }
  const made = await deps.readSource({ app, domain, source, before: null }, ctx)
  ctx.signal.throwIfAborted()
  const put = ({ domains }: Release) => ({ domains: withUpload(domains, { made, source, before }) })
  const release = await deps.catalog.edit(app, put, { by: ctx.by ?? 'laputa', operation })
  if (!isIn(release, made)) ctx.say(`A file for "${domain}" that was sent later is there already: it stays.`)
  return finish(deps, release, made)
}

interface Read {
  readonly made: NewVersion
  readonly source: UploadSource
  readonly before: string | null
}

/** The operation that the file of a domain is from, if it is from a file. */
export function fileOf(domains: Release['domains'], domain: string): string | null {
  const found = Object.hasOwn(domains, domain) ? domains[domain] : undefined
  return found?.kind === 'stored' && found.source?.kind === 'upload' ? (found.source.operation ?? null) : null
}

/**
 * What was sent last stays, whichever was read last: one of them may have been held up by a crash. What was there when a file was
 * sent is older, whatever the ids say: those of two machines, or of one millisecond, tell nothing. Of files that were sent without
 * knowing of each other the larger id stays, so that the outcome does not depend on who was faster.
 */
function withUpload(
  domains: Release['domains'],
  { made: { domain, version }, source, before }: Read,
): Release['domains'] {
  const there = fileOf(domains, domain)
  const isLate = there !== null && there !== before && source.operation !== undefined && there > source.operation
  return isLate ? domains : { ...domains, [domain]: { kind: 'stored', version, source } }
}

function finish({ refreshed }: ImportDeps, release: Release, made: NewVersion): Json {
  if (isIn(release, made)) refreshed({ app: release.app, release: release.id, domains: [made.domain] })
  return { release: release.id, ...made }
}

/** What an earlier attempt made, which died before it could tell. */
async function describe({ rows }: ImportDeps, { domains }: Release, domain: string): Promise<NewVersion> {
  const found = domains[domain]
  return newVersion.parse(found?.kind === 'stored' && found.version !== null && (await rows.describe(found.version)))
}
