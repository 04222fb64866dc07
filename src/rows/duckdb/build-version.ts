import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Clock, newId } from '../../base/index.ts'
import { closedProblem, type Gate } from '../gate.ts'
import type { VersionInfo } from '../port.ts'
import { abortProblem, storageProblem } from '../problems.ts'
import { scratchFolder } from '../scratch.ts'
import { type DatabaseSpec, openDatabase } from './database.ts'
import { fillTable, type StagedColumn } from './fill-table.ts'
import { quoteText } from './quoting.ts'
import { createSession, neverAborted, type Session } from './session.ts'
import { fileOf, fileOptions, type NewVersion, writeInfo } from './version-file.ts'

interface BuilderDeps {
  /** Where finished versions are, and where they are made: on one file system, because a version appears by a rename. */
  readonly rowsFolder: string
  readonly tmpFolder: string
  readonly memoryLimitBytes: number
  readonly threads: number
  readonly clock: Clock
  readonly gate: Gate
}

interface BuildRequest {
  readonly app: string
  readonly domain: string
  /** A file outside of the build's folder that the staging reads. */
  readonly reads?: string
  /** Puts the rows into the table `stage.main.data` and tells the columns of the version. */
  stage(bench: Bench): Promise<readonly StagedColumn[]>
}

export interface Bench {
  readonly session: Session
  /** For temporary files; gone when the build has ended. */
  readonly folder: string
  readonly signal: AbortSignal
}

type BuildVersion = (request: BuildRequest, signal: AbortSignal) => Promise<VersionInfo>

/**
 * Makes versions: rows are staged in a database of the build's own, written into a file with their final types, and the file is
 * renamed into its place once it is on the disk. Whatever ends the build before that leaves no version.
 */
export function createBuilder(deps: BuilderDeps): BuildVersion {
  return async (request, signal) => {
    if (signal.aborted) throw abortProblem(signal)
    // Before anything is made in a folder that may be gone.
    if (deps.gate.closing.aborted) throw closedProblem()
    const createdAt = deps.clock.now()
    const version = newId(createdAt)
    const folder = scratchFolder(deps.tmpFolder, version)
    const file = join(folder, 'target.duckdb')
    try {
      await mkdir(folder, { recursive: true })
      const info = await withDatabase(specOf(deps, request, folder), deps.gate, async (session) => {
        // In memory, from where DuckDB moves what is too much to the build's folder: twice as fast as another file.
        await session.run("ATTACH ':memory:' AS stage", signal)
        await session.run(`ATTACH ${quoteText(file)} AS target (${fileOptions})`, signal)
        const columns = await request.stage({ session, folder, signal })
        const count = await fillTable(session, columns, signal)
        const about = { version, app: request.app, domain: request.domain, createdAt, count, columns: plain(columns) }
        await finish(session, about)
        return about
      })
      const { size: bytes } = await stat(file)
      if (signal.aborted) throw abortProblem(signal)
      await publish(file, fileOf(deps.rowsFolder, version))
      return { ...info, bytes }
    } catch (error) {
      if (signal.aborted) throw abortProblem(signal)
      throw storageProblem('The rows cannot be written.', error)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
}

function specOf(deps: BuilderDeps, request: BuildRequest, folder: string): DatabaseSpec {
  return {
    memoryLimitBytes: deps.memoryLimitBytes,
    threads: deps.threads,
    spill: join(folder, 'spill'),
    folders: [folder],
    files: request.reads === undefined ? [] : [request.reads],
  }
}

async function withDatabase<R>(spec: DatabaseSpec, gate: Gate, use: (session: Session) => Promise<R>): Promise<R> {
  const instance = await openDatabase(spec)
  try {
    const session = createSession(await instance.connect(), gate, false)
    try {
      return await use(session)
    } finally {
      session.close()
    }
  } finally {
    instance.closeSync()
  }
}

function plain(columns: readonly StagedColumn[]): NewVersion['columns'] {
  return columns.map(({ name, type }) => ({ name, type }))
}

/** Nothing but the one file is left: no write-ahead log beside it. */
async function finish(session: Session, info: NewVersion): Promise<void> {
  await writeInfo(session, { catalog: 'target', info })
  await session.run('CHECKPOINT target', neverAborted())
  await session.run('DETACH target', neverAborted())
}

/** First the content must be on the disk, then the name: a power cut between them leaves the old state. */
async function publish(made: string, place: string): Promise<void> {
  await sync(made)
  await rename(made, place)
  await sync(dirname(place))
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
