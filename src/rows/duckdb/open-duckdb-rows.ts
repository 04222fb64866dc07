import { mkdir, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Problem } from '../../base/index.ts'
import type { Column } from '../../pipeline/index.ts'
import type { Rows } from '../port.ts'
import type { RowsDeps, RowsSettings } from '../settings.ts'
import { createAttachments } from './attachments.ts'
import { createBuilder } from './build-version.ts'
import { createConnections } from './connections.ts'
import { stageCsv } from './csv/stage-csv.ts'
import { openDatabase } from './database.ts'
import { createEngine } from './engine.ts'
import { storageProblem } from './failure.ts'
import { createGate } from './gate.ts'
import { jsonMacros } from './json-rows.ts'
import { removeLeftovers, scratchFolder } from './scratch.ts'
import { createSession } from './session.ts'
import { stageBatches } from './stage-batches.ts'
import { createVersions } from './versions.ts'

/**
 * Each running statement holds one of the four threads of Node's pool, in which files are read and passwords are checked as well:
 * with one for a build, a thread is always left for these. DuckDB uses all its threads for every statement.
 */
const statementsAtOnce = 2

interface Folders {
  readonly rows: string
  readonly tmp: string
}

export async function openDuckdbRows(settings: RowsSettings, deps: RowsDeps): Promise<Rows> {
  const folders = { rows: join(settings.home, 'rows'), tmp: join(settings.home, 'tmp') }
  try {
    for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true, mode: 0o700 })
    await removeLeftovers(folders.tmp)
    return await createRows(settings, deps, folders)
  } catch (error) {
    throw storageProblem(`The rows under ${settings.home} cannot be opened.`, error)
  }
}

async function createRows(settings: RowsSettings, deps: RowsDeps, folders: Folders): Promise<Rows> {
  const { memoryLimitBytes, threads, maxColumns } = settings
  const spill = scratchFolder(folders.tmp, 'spill')
  const instance = await openDatabase({ memoryLimitBytes, threads, spill, folders: [folders.rows] })
  const queries = createGate(statementsAtOnce)
  const builds = createGate(1)
  const connections = createConnections(instance, queries)
  const upkeep = createGate(1)
  const keeper = createSession(await instance.connect(), upkeep, false)
  for (const macro of jsonMacros) await keeper.connection.run(macro)
  const attachments = createAttachments({ folder: folders.rows, session: keeper })
  const versions = createVersions({ folder: folders.rows, attachments })
  const build = createBuilder({
    rowsFolder: folders.rows,
    tmpFolder: folders.tmp,
    memoryLimitBytes,
    threads,
    clock: deps.clock,
    gate: builds,
  })
  const { withSession, open: openSession } = connections
  const engineDeps = { attachments, withSession, openSession, now: deps.clock.now, log: deps.log }
  const building = new Set<Promise<unknown>>()
  let closed: Promise<void> | undefined

  async function follow<R>(work: Promise<R>): Promise<R> {
    building.add(work)
    return work.finally(() => building.delete(work))
  }

  async function close(): Promise<void> {
    await Promise.all([queries.close(), builds.close(), upkeep.close()])
    await Promise.allSettled(building)
    connections.closeIdle()
    keeper.close()
    instance.closeSync()
    await rm(spill, { recursive: true, force: true })
  }

  return {
    ingest: async ({ app, domain, file }, signal) => {
      const path = resolve(file.path)
      return follow(
        build({ app, domain, reads: path, stage: (bench) => stageCsv({ path, maxColumns }, bench) }, signal),
      )
    },
    write: async (request, signal) => {
      checkColumns(request.columns, maxColumns)
      const { app, domain } = request
      return follow(build({ app, domain, stage: (bench) => stageBatches(request, bench) }, signal))
    },
    describe: versions.describe,
    engine: (chosen) => createEngine(engineDeps, chosen),
    retain: (keep, graceMs) => versions.drop(keep, deps.clock.now() - graceMs),
    close: () => {
      closed ??= close()
      return closed
    },
  }
}

function checkColumns(columns: readonly Column[], most: number): void {
  const names = new Set(columns.map(({ name }) => name))
  if (columns.length === 0 || columns.length > most) {
    throw new Problem('storage_failed', `A table has between 1 and ${most} columns, not ${columns.length}.`)
  }
  if (names.size < columns.length || names.has('')) {
    throw new Problem('storage_failed', 'The columns of a table have names, each its own.')
  }
}
