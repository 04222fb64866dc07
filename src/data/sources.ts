import type { AppCtx } from '../access/index.ts'
import { canonicalJson, isProblem, type JsonObject, Problem, sha256 } from '../base/index.ts'
import type { LiveDomain, Release, StoredDomain } from '../catalog/index.ts'
import type { Connection, Connector, ResolvedSource } from '../connectors/index.ts'
import { type Engine, mapDomainSteps, type Place, type PlaceOf, type Planned, type Query } from '../pipeline/index.ts'
import type { Rows, RowsEngine } from '../rows/index.ts'
import { domainIn } from './resolve-query.ts'

/** An open connection, with what the data door has to know of it. */
export interface OpenedConnection {
  readonly connector: Connector
  readonly connection: Connection
  /** Changes with the connection. */
  readonly revision: string
  /** How long answers from it may be served; null: as long as any. */
  readonly ttlMs: number | null
}

export type OpenConnection = (app: string, id: string) => Promise<OpenedConnection>

/** Where the domains of one query are. */
export interface Sources {
  /** Versions of stored domains. */
  readonly versions: ReadonlyMap<string, string>
  readonly placeOf: PlaceOf
  /** What runs at a place: for people. */
  kindOf(id: string): string
  /** What the answer depends on besides the query: for its key. Connections are in it by their revision, never by what they hold. */
  readonly identity: string
  /** Whether the query reads a connection, which may change while the release stays. */
  readonly isLive: boolean
  /** One text for the state of the stored rows. */
  readonly dataVersion: string
  /** The shortest time for which an answer may be served; undefined: as long as any. */
  readonly ttlMs: number | undefined
  /** The engine of a place, which also reads the native texts of a plan. */
  engine(id: string, natives: Planned['natives']): RowsEngine
}

export interface SourcesRequest {
  readonly ctx: Pick<AppCtx, 'app'>
  readonly release: Release
  readonly variables: JsonObject
}

export interface SourcesDeps {
  readonly rows: Rows
  readonly openConnection: OpenConnection
}

/** All stored domains are on one engine, which is also the workbench where the workbench has them. */
const storedPlace = 'rows'

interface LiveSource {
  readonly opened: OpenedConnection
  readonly resolved: ResolvedSource
  readonly domain: LiveDomain
}

/**
 * Finds what a query reads and opens the connections that it needs. Errors: `pipeline_invalid`, `not_loaded`, those of opening a
 * connection.
 */
export async function findSources(
  query: Query,
  { ctx, release, variables }: SourcesRequest,
  { rows, openConnection }: SourcesDeps,
): Promise<Sources> {
  const versions = new Map<string, string>()
  const wanted = new Map<string, LiveDomain>()
  mapDomainSteps(query.pipeline, (step) => {
    const found = domainIn(release, step)
    if (found.kind === 'stored') versions.set(step.domain, versionOf(found, step.domain))
    if (found.kind === 'live') wanted.set(step.domain, found)
    return step
  })
  const live = new Map<string, LiveSource>()
  for (const [name, domain] of wanted) {
    const opened = await openConnection(ctx.app, domain.connection).catch((error: unknown) => {
      if (!isProblem(error, 'not_found')) throw error
      throw new Problem('source_failed', `The connection that the domain "${name}" reads is gone.`)
    })
    live.set(name, { opened, domain, resolved: opened.connector.resolve(domain.query, variables) })
  }
  const stored = rows.engine(versions)
  const storedAt: Place = {
    id: storedPlace,
    capabilities: stored.capabilities,
    isWorkbench: rows.workbench.hasVersions,
  }
  const byName = <T>(map: ReadonlyMap<string, T>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1))
  const versionList = JSON.stringify(byName(versions))
  const liveList = byName(live).map(([name, { opened, resolved, domain }]) => [
    name,
    domain.connection,
    opened.revision,
    resolved,
  ])
  return {
    versions,
    identity: `${versionList}${canonicalJson(liveList)}`,
    isLive: live.size > 0,
    dataVersion: sha256(versionList).slice(0, 16),
    ttlMs: shortest([...live.values()].map(({ domain, opened }) => domain.ttlMs ?? opened.ttlMs)),
    placeOf: (domain) => {
      const source = live.get(domain)
      if (!source) return storedAt
      return { id: source.domain.connection, capabilities: source.opened.connector.capabilities, isWorkbench: false }
    },
    kindOf: (id) =>
      [...live.values()].find(({ domain }) => id !== storedPlace && domain.connection === id)?.domain.connector ??
      rows.kind,
    engine: (id, natives) => (id === storedPlace ? stored : liveEngine(id, live, natives)),
  }
}

function versionOf({ version }: StoredDomain, name: string): string {
  if (version !== null) return version
  throw new Problem('not_loaded', `The domain "${name}" was not read from its connection yet.`)
}

function liveEngine(id: string, live: ReadonlyMap<string, LiveSource>, natives: Planned['natives']): Engine {
  const here = [...live].filter(([, { domain }]) => domain.connection === id)
  const [, first] = here[0] ?? []
  if (!first) throw new Problem('internal', 'A plan names an engine that the query does not read.')
  const names = new Set(here.map(([name]) => name))
  const own = [...natives].filter(([, { domain }]) => names.has(domain))
  return first.opened.connection.engine(
    new Map<string, ResolvedSource>([
      ...here.map(([name, { resolved }]) => [name, resolved] as const),
      ...own.map(([name, { sql }]) => [name, { native: sql }] as const),
    ]),
  )
}

function shortest(times: readonly (number | null)[]): number | undefined {
  const known = times.filter((time) => time !== null)
  return known.length === 0 ? undefined : Math.min(...known)
}
