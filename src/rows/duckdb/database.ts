import { DuckDBInstance } from '@duckdb/node-api'
import { quoteText } from './quoting.ts'

export interface DatabaseSpec {
  readonly memoryLimitBytes: number
  readonly threads: number
  /** Where what does not fit into memory is written; removed with the database. */
  readonly spill: string
  /** The folders whose files may be opened, and single files besides. Everything else on the machine stays out of reach. */
  readonly folders: readonly string[]
  readonly files?: readonly string[]
}

/**
 * A DuckDB in memory that reaches nothing but the named folders and files, loads no extension and can no longer be configured.
 * Files are attached to it; the lock-down comes first, and attaching within the named folders still works.
 */
export async function openDatabase(spec: DatabaseSpec): Promise<DuckDBInstance> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(spec.threads),
    memory_limit: `${Math.floor(spec.memoryLimitBytes / 1024)}KiB`,
    temp_directory: spec.spill,
    // What a query has freed goes back to the system within seconds, also when no other query comes.
    allocator_background_threads: 'true',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
  })
  try {
    const connection = await instance.connect()
    for (const setting of lockDown(spec)) await connection.run(`SET GLOBAL ${setting}`)
    connection.closeSync()
    return instance
  } catch (error) {
    instance.closeSync()
    throw error
  }
}

/** In this order: the paths cannot be widened once access is off, and nothing can be set after the last one. */
function lockDown(spec: DatabaseSpec): string[] {
  return [
    "TimeZone = 'UTC'",
    `allowed_directories = [${spec.folders.map(quoteText).join(', ')}]`,
    `allowed_paths = [${(spec.files ?? []).map(quoteText).join(', ')}]`,
    'enable_external_access = false',
    'lock_configuration = true',
  ]
}
