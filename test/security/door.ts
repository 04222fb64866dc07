import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type PermissionRecord, type Principal, parsePermissionRecords, type Stage } from '../../src/access/index.ts'
import { isProblem, type JsonObject, silentLog, systemClock } from '../../src/base/index.ts'
import { openBus } from '../../src/bus/index.ts'
import type { Domain, Release } from '../../src/catalog/index.ts'
import { createData, type OpenConnection } from '../../src/data/index.ts'
import { openRows, type Rows } from '../../src/rows/index.ts'
import type { Cell, CellType, PlainTable, PlainUser, RawRecord } from './plain-rules.ts'
import type { RandomRequest } from './random-pipeline.ts'

/** The app of all cases. */
export const app = 'shop'

export interface World {
  readonly domains: { readonly [name: string]: Domain }
  readonly records: { readonly [name: string]: readonly RawRecord[] }
}

/** What somebody was told: the text of the answer without what names the state of the data, or how the request was refused. */
export type Told = { readonly text: string } | { readonly refused: string; readonly code: string }

/** The data door with its real parts, without a server around it. */
export interface Door {
  /** The same table is stored once. */
  stored(table: PlainTable): Promise<Domain>
  /** `viewAs`: somebody with whose rights the user looks. */
  ask(world: World, user: PlainUser, request: Partial<RandomRequest> & { viewAs?: PlainUser }): Promise<Told>
  /** All rows that a domain has when no rule is on it. */
  plain(domains: World['domains'], name: string, user?: PlainUser): Promise<PlainTable | undefined>
  /** Forgets the tables. */
  clear(): Promise<void>
  close(): Promise<void>
}

export const everybody: readonly RawRecord[] = [{ scope: 'ALL_USERS', effect: 'SEE_ALL' }]

export interface DoorOptions {
  readonly unset?: 'allow' | 'deny'
  /** Where the rows of stored domains are. Without it: in a DuckDB of its own. */
  readonly rows?: Rows
  readonly openConnection?: OpenConnection
}

const noConnection: OpenConnection = () => Promise.reject(new Error('the case has no connections'))

export async function openDoor({
  unset = 'deny',
  openConnection = noConnection,
  ...given
}: DoorOptions = {}): Promise<Door> {
  const home = await mkdtemp(join(tmpdir(), 'laputa-security-'))
  const deps = { clock: systemClock, log: silentLog }
  const duckdb = { kind: 'duckdb', home, memoryLimitBytes: 512 * 2 ** 20, threads: 1, maxColumns: 100 } as const
  const rows = given.rows ?? (await openRows(duckdb, deps))
  const bus = await openBus({ kind: 'memory', cacheBytes: 50_000_000 }, deps)
  const data = createData({
    rows,
    bus,
    clock: systemClock,
    openConnection,
    settings: { ...settings, whenUnset: unset },
  })
  const versions = new Map<string, Domain>()
  const signal = new AbortController().signal

  const door: Door = {
    async stored(table) {
      const key = JSON.stringify(table, (_, value) => (typeof value === 'bigint' ? `${value}n` : value))
      const known = versions.get(key)
      if (known) return known
      const request = { app, domain: 'd', columns: table.columns, batches: [table] }
      const { version } = await rows.write(request, signal)
      const domain: Domain = { kind: 'stored', version, source: null }
      versions.set(key, domain)
      return domain
    },
    async ask(world, user, { domain, pipeline = [], parameters = {}, offset = 0, limit = null, viewAs }) {
      const stage: Stage = user.buildsStaging ? 'staging' : 'production'
      const ctx = { principal: principalOf(user), requestId: 'r', log: silentLog, signal, app, stage }
      const asked = { domain, pipeline, parameters: parameters as JsonObject, offset, limit, fresh: false }
      const request = { ...asked, ...(viewAs && { viewAs: principalOf(viewAs) }) }
      return tellOf(async () => {
        const { body } = await data.run(ctx, releaseOf(world), request)
        return body.toString().replace(/,"data_version":"[^"]*","restricted":(?:true|false)\}$/, '}')
      })
    },
    plain: (domains, name, user) => plainOf(door, { domains, name, user }),
    async clear() {
      versions.clear()
      await rows.retain(new Set(), 0)
    },
    async close() {
      await data.close()
      await bus.close()
      await rows.close()
      await rm(home, { recursive: true, force: true })
    },
  }
  return door
}

/** The text, or the refusal that a client would see. Errors: what is a fault of the program. */
export async function tellOf(answer: () => Promise<string>): Promise<Told> {
  try {
    return { text: await answer() }
  } catch (error) {
    if (!isProblem(error) || error.code === 'internal') throw error
    return { refused: JSON.stringify([error.code, error.message, error.errors]), code: error.code }
  }
}

/** What a domain holds when no rule is on it; undefined when it cannot be read at all. */
export async function plainOf(
  { ask }: Pick<Door, 'ask'>,
  { domains, name, user = nobody }: { domains: World['domains']; name: string; user: PlainUser | undefined },
): Promise<PlainTable | undefined> {
  const records = Object.fromEntries(Object.keys(domains).map((domain) => [domain, everybody]))
  const told = await ask({ domains, records }, { ...user, buildsStaging: false }, { domain: name })
  return 'text' in told ? tableOf(told.text) : undefined
}

const nobody: PlainUser = { username: 'nobody', groups: [], attributes: {} }

const settings = {
  timeoutMs: 20_000,
  maxRows: 100_000,
  maxSteps: 50,
  limits: { maxFetchedRows: 100_000, maxNativeRows: 100_000 },
  cache: {
    ...{ enabled: true, ttlMs: 3_600_000, staleMs: 0, maxEntryBytes: 1_000_000, memoryBytes: 50_000_000 },
    ...{ minTimeMs: 0, errorTtlMs: 0, freshReads: 0 },
  },
}

export function principalOf({
  username,
  groups,
  attributes,
  buildsStaging = false,
  buildsProduction = false,
}: PlainUser): Principal {
  const privileges = { [app]: [buildsStaging || buildsProduction ? ('contribute' as const) : ('view' as const)] }
  return { username, roles: ['USER'], privileges, groups, attributes: attributes as Principal['attributes'] }
}

export function recordsOf(records: World['records']): { [domain: string]: readonly PermissionRecord[] } {
  const read = Object.entries(records).map(([name, list]) => [name, parsePermissionRecords(name, list, 0)])
  return Object.fromEntries(read)
}

export function releaseOf({ domains, records }: World): Release {
  return { id: 'r1', app, parent: null, at: '', by: '', domains, permissions: recordsOf(records), queries: {} }
}

/** The rows of an answer, as the values that they are. */
function tableOf(text: string): PlainTable {
  const { data, columns }: { data: Record<string, unknown>[]; columns: { name: string; type: CellType }[] } =
    JSON.parse(text)
  return { columns, rows: data.map((row) => columns.map(({ name, type }) => cellOf(row[name], type))) }
}

function cellOf(value: unknown, type: CellType): Cell {
  if (value === null || value === undefined) return null
  if (type === 'date') return new Date(String(value))
  if (type === 'integer' && typeof value === 'string') return BigInt(value)
  return typeof value === 'object' ? JSON.stringify(value) : (value as Cell)
}
