import { z } from 'zod'
import type { AppCtx } from '../../access/index.ts'
import { Problem } from '../../base/index.ts'
import type { Catalog } from '../../catalog/index.ts'
import { appRoute, longWork, type Route, type Upload } from '../../http/index.ts'
import { type Jobs, startedAnswer, startedBody, startWork } from '../../jobs/index.ts'
import type { ChunkedUploads } from './chunked-uploads.ts'
import { domainName, sourceSummary, uploadData } from './domains.schema.ts'
import { fileOf, importResult } from './import.job.ts'
import type { ReceivedFile, Uploads } from './uploads.ts'

export interface UploadDeps {
  readonly catalog: Catalog
  readonly uploads: Uploads
  readonly chunkedUploads: ChunkedUploads
  readonly jobs: Jobs
}

/** Longer than anybody waits; what takes longer is followed by its operation. */
const patienceMs = 30 * 60_000

/** Once it is in staging: what its version holds. */
const uploaded = startedAnswer.extend({
  domain: z.string(),
  version: z.string().optional(),
  count: z.int().optional(),
  columns: sourceSummary.shape.columns.optional(),
})

/** While parts of the file are still missing. */
const partReceived = z.strictObject({ message: z.string(), domain: z.string(), parts_received: z.int() })

export function uploadRoute(deps: UploadDeps): Route {
  const { catalog, uploads, chunkedUploads } = deps
  return appRoute({
    method: 'POST',
    url: '/data/sources',
    action: 'domains.write',
    summary: 'Upload a CSV file as a new version of a domain in staging',
    upload: true,
    response: z.union([uploaded, partReceived]),
    async handle(ctx, { upload, headers }) {
      const { app, principal } = ctx
      // Before a large file is taken.
      await catalog.app(app)
      const { fields, file } = await upload()
      const { domain, filename: name } = readNames(fields, file)
      const chunk = chunkedUploads.read(fields)
      const part = await uploads.receive(file)
      if (!chunk) return importFile(deps, { ctx, headers, domain, file: { name, ...part } })
      const now = await chunkedUploads.add({ app, by: principal.username, fields: chunk, part })
      if (!now.whole) {
        return { status: 202, body: { message: 'The part is kept.', domain, parts_received: now.received } }
      }
      const key = `${now.id}-${now.whole.blob}`
      const answer = await importFile(deps, { ctx, headers, domain, file: { name, ...now.whole }, key })
      // Not before: where that failed, sending one part again is enough.
      await chunkedUploads.end(now.id)
      return answer
    },
  })
}

interface ImportRequest {
  readonly ctx: AppCtx
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly domain: string
  readonly file: ReceivedFile & { readonly name: string }
  /** What tells that two requests are about the same file. Default: their `Idempotency-Key`. */
  readonly key?: string
}

async function importFile({ jobs, catalog }: UploadDeps, { ctx, headers, domain, file, ...given }: ImportRequest) {
  const { app } = ctx
  const { key = headers['idempotency-key'] } = given
  const answer = longWork(headers, patienceMs)
  const before = fileOf((await catalog.current(app, 'staging')).domains, domain)
  const started = await startWork(jobs, {
    ctx,
    work: [
      {
        ...{ job: 'import', args: { app, domain, file: { ...file } }, seen: { before }, stage: 'staging' },
        priority: answer.patienceMs > 0 ? 1 : 2,
      },
    ],
    patienceMs: answer.patienceMs,
    key,
    // Who said nothing about following it does not want it any more.
    whenLeft: headers.prefer === undefined && key === undefined ? 'cancel' : 'go on',
  })
  const head = answer.head(started.done, `/${app}/operations/${started.operation.id}`)
  if (!started.done) return { ...head, body: { ...startedBody(started, `"${domain}" is being read.`), domain } }
  const { version, count, columns } = importResult.parse(started.operation.result)
  const message = `"${domain}" has ${count} rows in staging.`
  return { ...head, status: 201, body: { ...startedBody(started, message), domain, version, count, columns } }
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
