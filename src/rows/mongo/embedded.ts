import type { Capabilities, Engine } from '../../pipeline/index.ts'
import type { ReadCsv } from '../duckdb/csv/read-csv.ts'
import { closedProblem, createGate } from '../gate.ts'
import type { Rows, Workbench } from '../port.ts'
import type { Folders } from '../scratch.ts'
import type { DuckdbSettings, RowsDeps } from '../settings.ts'

/** What DuckDB does in this process beside MongoDB: reading files, and the workbench. It is loaded when the first of it is wanted. */
export interface Embedded {
  readonly readCsv: ReadCsv
  readonly workbench: Workbench
  close(): Promise<void>
}

interface EmbeddedDeps extends RowsDeps {
  readonly settings: DuckdbSettings
  readonly folders: Folders
}

/** As the workbench of DuckDB has it, which is not open when this is asked. */
const capabilities: Capabilities = {
  steps: 'all',
  filter: true,
  sort: true,
  page: true,
  count: true,
  cancel: true,
  stream: true,
}

export function createEmbedded({ settings, folders, ...deps }: EmbeddedDeps): Embedded {
  const reading = createGate(1)
  let opening: Promise<Rows> | undefined

  async function open(): Promise<Rows> {
    const { openRowsIn } = await import('../duckdb/open-duckdb-rows.ts')
    return openRowsIn(folders, settings, deps)
  }

  /** What could not be opened is tried again the next time. Errors: `storage_failed` once they are closed. */
  async function bench(): Promise<Workbench> {
    // Nobody would close what is opened after that.
    if (reading.closing.aborted) throw closedProblem()
    opening ??= open()
    const opened = opening
    return opened.then(
      ({ workbench }) => workbench,
      (error: unknown) => {
        if (opening === opened) opening = undefined
        throw error
      },
    )
  }

  return {
    readCsv: async (path, signal, use) => {
      const { createCsvReader } = await import('../duckdb/csv/read-csv.ts')
      const { memoryLimitBytes, threads, maxColumns } = settings
      const read = createCsvReader({ memoryLimitBytes, threads, maxColumns, tmpFolder: folders.tmp, gate: reading })
      return read(path, signal, use)
    },
    workbench: {
      hasVersions: false,
      load: async (...asked) => (await bench()).load(...asked),
      runStages: async (...asked) => (await bench()).runStages(...asked),
      runSql: async function* (...asked) {
        yield* (await bench()).runSql(...asked)
      },
      engine: (tables) => lazyEngine(async () => (await bench()).engine(tables, new Map())),
    },
    close: async () => {
      await reading.close()
      await (await opening?.catch(() => undefined))?.close()
    },
  }
}

function lazyEngine(open: () => Promise<Engine>): Engine {
  return {
    capabilities,
    fetch: async (...asked) => (await open()).fetch(...asked),
    stream: async function* (...asked) {
      yield* (await open()).stream(...asked)
    },
  }
}
