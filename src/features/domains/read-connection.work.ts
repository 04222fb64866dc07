import { z } from 'zod'
import { guard, type Principal } from '../../access/index.ts'
import { type JsonObject, Problem } from '../../base/index.ts'
import { type Connection, type Connector, connectors } from '../../connectors/index.ts'
import type { WorkCtx, Works } from '../../jobs/index.ts'
import type { Batch, Column } from '../../pipeline/index.ts'
import type { VersionInfo } from '../../rows/index.ts'
import { printVersion } from './new-version.ts'
import type { WorksDeps } from './works-deps.ts'

const amount = z.int().min(1)

/** `config` holds the secrets of the connection: never logged. `before`: the version that this one follows. */
const readConnectionPayload = z.strictObject({
  app: z.string(),
  domain: z.string(),
  connector: z.string(),
  config: z.record(z.string(), z.json()),
  query: z.record(z.string(), z.json()),
  before: z.string().nullable(),
  limits: z.strictObject({ timeoutMs: amount, maxRows: amount, maxBytes: amount, concurrency: amount }),
})

type Payload = z.output<typeof readConnectionPayload>

/**
 * Reads all that a query of a connection gives into a new version. Errors: those of the connection, `too_many_rows`, `query_failed` when
 * there is no table to keep, `storage_failed`, `cancelled`.
 */
export function readConnectionWork(deps: WorksDeps): Works[string] {
  return async (raw, ctx) => {
    const payload = readConnectionPayload.parse(raw)
    const connector = connectors.get(payload.connector)
    if (!connector) throw new Problem('source_failed', `This program has no connector "${payload.connector}".`)
    const connection = await connector.open(payload.config, { ...deps, limits: payload.limits })
    try {
      return printVersion(await readAll(deps, { payload, connector, connection }, ctx))
    } finally {
      await connection.close()
    }
  }
}

interface Source {
  readonly payload: Payload
  readonly connector: Connector
  readonly connection: Connection
}

async function readAll(deps: WorksDeps, source: Source, { signal, progress }: WorkCtx): Promise<VersionInfo> {
  const { app, domain, query } = source.payload
  const engine = source.connection.engine(new Map([[domain, source.connector.resolve(query, noVariables)]]))
  const reading = engine.stream(wholeDomain(app, domain), signal)[Symbol.asyncIterator]()
  try {
    const first = await reading.next()
    const columns = await columnsOf(deps, source.payload, first.done ? [] : first.value.columns)
    const batches = counted(first, reading, (count) =>
      progress({ stage: `reading ${domain}: ${count.toLocaleString('en')} rows` }),
    )
    return await deps.rows.write({ app, domain, columns, batches }, signal)
  } finally {
    await reading.return?.()
  }
}

/** What is kept for everybody cannot depend on who looks at it. */
const noVariables: JsonObject = {}

/** A source that gives documents has no columns when it gives none: those of before stay. */
async function columnsOf({ rows }: WorksDeps, { domain, before }: Payload, found: readonly Column[]) {
  if (found.length > 0) return found
  const known = before === null ? null : await rows.describe(before)
  if (known) return known.columns
  throw new Problem('query_failed', `The source of "${domain}" gave no rows, and so nobody can tell its columns.`)
}

async function* counted(
  first: IteratorResult<Batch>,
  others: AsyncIterator<Batch>,
  tell: (count: number) => void,
): AsyncGenerator<Batch> {
  let count = 0
  for (let next = first; !next.done; next = await others.next()) {
    count += next.value.rows.length
    if (next.value.rows.length > 0) yield next.value
    tell(count)
  }
}

/**
 * All rows of a domain, whatever the permission records say: they are asked each time that somebody reads what is kept, not when it is
 * kept.
 */
function wholeDomain(app: string, domain: string) {
  const nobody: Principal = { username: '', roles: [], privileges: {}, groups: [], attributes: {} }
  const context = { principal: nobody, app, stage: 'staging', whenUnset: 'allow', records: () => [] } as const
  return guard({ pipeline: [{ name: 'domain', domain }] }, context).query
}
