import { rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { DuckDBInstance } from '@duckdb/node-api'
import { newId } from '../../base/index.ts'
import type { Engine } from '../../pipeline/index.ts'
import { createGate, type Gate } from '../gate.ts'
import type { Rows } from '../port.ts'
import { storageProblem } from '../problems.ts'
import { type Folders, prepareFolders, scratchFolder } from '../scratch.ts'
import type { DuckdbSettings, RowsDeps } from '../settings.ts'
import { createStagesRunner } from '../stages/run-stages.ts'
import { checkColumns } from '../table-checks.ts'
import { createAttachments } from './attachments.ts'
import { createBuilder } from './build-version.ts'
import { createConnections } from './connections.ts'
import { stageCsv } from './csv/stage-csv.ts'
import { openDatabase } from './database.ts'
import { type Chosen, createEngine } from './engine.ts'
import { jsonMacros } from './json-rows.ts'
import { createNativeSql } from './native-sql.ts'
import { createSmallPages } from './read-page.ts'
import { createReopeningRows } from './reopening-rows.ts'
import { createSession } from './session.ts'
import { stageBatches } from './stage-batches.ts'
import { createVersions } from './versions.ts'
import { createWorkbench } from './workbench.ts'

/** Threads of Node's pool that queries leave to others: a build, the upkeep, files that are read, passwords that are checked. */
const othersThreads = 4

/** So many statements share a core at most. A page that is not the last takes two, so ten slow pages leave a fast one its turn. */
const statementsPerThread = 10

/**
 * How many statements may run at once. Each holds a thread of Node's pool, which by itself has four: with one of them for a build
 * and one for the rest, two are left. DuckDB shares its threads among all statements, so that a fast one is not kept by slow ones.
 */
export function statementsAtOnce({
  threads,
  poolThreads = 4,
}: Pick<DuckdbSettings, 'threads' | 'poolThreads'>): number {
  return Math.max(2, Math.min(poolThreads - othersThreads, threads * statementsPerThread))
}

/** Statements of the workbench that make and fill tables: short ones. */
const loadsAtOnce = 1

export async function openDuckdbRows(settings: DuckdbSettings, deps: RowsDeps): Promise<Rows> {
  return openRowsIn(await prepareFolders(settings.home), settings, deps)
}

/** Opens them in folders that are prepared: another adapter may have unfinished work of its own there. Errors: `storage_failed`. */
export async function openRowsIn(folders: Folders, settings: DuckdbSettings, deps: RowsDeps): Promise<Rows> {
  try {
    return await createReopeningRows({ open: () => createRows(settings, deps, folders), log: deps.log })
  } catch (error) {
    throw storageProblem(`The rows under ${settings.home} cannot be opened.`, error)
  }
}

/** Without the clearing up: unfinished work in the folders may be this process's own. */
export async function createRows(settings: DuckdbSettings, deps: RowsDeps, folders: Folders): Promise<Rows> {
  const { memoryLimitBytes, threads } = settings
  // Its own each time: the rows that it replaces may still remove theirs.
  const spill = scratchFolder(folders.tmp, `spill-${newId(Date.now())}`)
  const instance = await openDatabase({ memoryLimitBytes, threads, spill, folders: [folders.rows] })
  const queries = createGate(statementsAtOnce(settings))
  const builds = createGate(1)
  const connections = createConnections(instance, queries)
  const upkeep = createGate(1)
  const keeper = createSession(await instance.connect(), upkeep, false)
  for (const macro of jsonMacros) await keeper.connection.run(macro)
  const attachments = createAttachments({ folder: folders.rows, session: keeper })
  const versions = createVersions({ folder: folders.rows, attachments })
  const { writing, building } = createWriting({ settings, deps, folders, gate: builds })
  const { withSession, open: openSession } = connections
  const bench = await openBench({ settings, instance, queries, tmp: folders.tmp }, (chosen) =>
    createEngine(engineDeps, chosen),
  )
  const engineDeps = {
    attachments,
    withSession,
    openSession,
    now: deps.clock.now,
    log: deps.log,
    smallPages: createSmallPages(),
  }
  let closed: Promise<void> | undefined

  async function close(): Promise<void> {
    await Promise.all([queries.close(), builds.close(), upkeep.close()])
    await building.settled()
    await bench.close()
    connections.closeIdle()
    keeper.close()
    instance.closeSync()
    await rm(spill, { recursive: true, force: true })
  }

  return {
    kind: 'duckdb',
    ...writing,
    describe: versions.describe,
    engine: (chosen) => createEngine(engineDeps, { versions: chosen }),
    workbench: bench.workbench,
    retain: (keep, graceMs) => versions.drop(keep, deps.clock.now() - graceMs),
    close: () => {
      closed ??= close()
      return closed
    },
  }
}

interface WritingDeps {
  readonly settings: DuckdbSettings
  readonly deps: RowsDeps
  readonly folders: Folders
  readonly gate: Gate
}

/** What makes versions, and the making that has to end before what it uses is closed. */
function createWriting({ settings, deps, folders, gate }: WritingDeps) {
  const { memoryLimitBytes, threads, maxColumns } = settings
  const building = createFollowing()
  const build = createBuilder({
    ...{ memoryLimitBytes, threads, gate, clock: deps.clock },
    rowsFolder: folders.rows,
    tmpFolder: folders.tmp,
  })
  const writing: Pick<Rows, 'ingest' | 'write'> = {
    ingest: async ({ app, domain, file }, signal) => {
      const path = resolve(file.path)
      return building.follow(
        build({ app, domain, reads: path, stage: (bench) => stageCsv({ path, maxColumns }, bench) }, signal),
      )
    },
    write: async (request, signal) => {
      checkColumns(request.columns, maxColumns)
      const { app, domain } = request
      return building.follow(build({ app, domain, stage: (bench) => stageBatches(request, bench) }, signal))
    },
  }
  return { writing, building }
}

/** Work that has to end before what it uses is closed. */
function createFollowing() {
  const running = new Set<Promise<unknown>>()
  return {
    follow: <R>(work: Promise<R>): Promise<R> => {
      running.add(work)
      return work.finally(() => running.delete(work))
    },
    settled: () => Promise.allSettled(running),
  }
}

interface BenchDeps {
  readonly settings: DuckdbSettings
  readonly instance: DuckDBInstance
  readonly queries: Gate
  readonly tmp: string
}

/** The workbench in the database of the versions, and what it runs native queries with. */
async function openBench({ settings, instance, queries, tmp }: BenchDeps, engine: (chosen: Chosen) => Engine) {
  const stages = createStagesRunner()
  const loading = createGate(loadsAtOnce)
  const openSession = async () => createSession(await instance.connect(), loading, false)
  const keeper = await openSession()
  const runSql = createNativeSql({
    memoryLimitBytes: Math.floor(settings.memoryLimitBytes / 4),
    threads: 1,
    spill: () => scratchFolder(tmp, newId(Date.now())),
    gate: queries,
  })
  return {
    workbench: createWorkbench({ keeper, openSession, engine, runSql, runStages: stages.run }),
    close: async () => {
      await Promise.all([loading.close(), stages.close()])
      keeper.close()
    },
  }
}
