import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBEnumType } from '@duckdb/node-api'
import { newId, Problem } from '../../base/index.ts'
import type { Column, ColumnType, SqlSource } from '../../pipeline/index.ts'
import type { VersionInfo } from '../port.ts'
import { physicalTypes } from './cells.ts'
import { columnId, quoteText } from './quoting.ts'
import { neverAborted, type Session } from './session.ts'

/** Raised when what is in a file, or how, changes. */
const format = 1

/**
 * Files are never read by an older DuckDB, and this storage reads texts twice as fast as the default one, which every DuckDB
 * since 1.0 can read. With blocks of a quarter of the default's size a small table takes 140 kB instead of 540, and a large one
 * is not slower.
 */
export const fileOptions = "STORAGE_VERSION 'v1.5.0', BLOCK_SIZE 65536"

/** A version is its file's name and its name in the database: nothing else is ever put into a path or a statement. */
export function isVersion(text: string): boolean {
  return /^[0-9a-hjkmnp-tv-z]{23}$/.test(text)
}

/** Whether a version was made before the moment: ids begin with their time. */
export function isBefore(version: string, ms: number): boolean {
  return version.slice(0, 10) < newId(Math.max(0, ms)).slice(0, 10)
}

export function fileOf(folder: string, version: string): string {
  return join(folder, `${version}.duckdb`)
}

/** The version whose file this is, or null. */
export function versionIn(fileName: string): string | null {
  const version = /^(.*)\.duckdb$/.exec(fileName)?.[1] ?? ''
  return isVersion(version) ? version : null
}

/** The name under which a version's file is attached. Starts with a letter, so that it needs no quotes. */
export function catalogOf(version: string): string {
  return `v${version}`
}

export type NewVersion = Omit<VersionInfo, 'bytes'>

/** What a file says about itself. People's names of columns are in a list here and stand in no identifier. */
export async function writeInfo(session: Session, { catalog, info }: { catalog: string; info: NewVersion }) {
  const text = (value: string) => ({ value, type: 'text' as const })
  const whole = (value: number) => ({ value, type: 'integer' as const })
  const columns = JSON.stringify(info.columns.map(({ name, type }) => [name, type]))
  await session.run(
    {
      text: `CREATE TABLE ${catalog}.main.version AS
SELECT $1::BIGINT AS format, $2 AS app, $3 AS domain, $4 AS columns, $5::BIGINT AS rows, $6::BIGINT AS created`,
      values: [
        whole(format),
        text(info.app),
        text(info.domain),
        text(columns),
        whole(info.count),
        whole(info.createdAt),
      ],
    },
    neverAborted(),
  )
}

/** Reads it back from an attached file. Errors: `storage_failed` for a file that another program wrote. */
export async function readInfo(session: Session, { path, version }: { path: string; version: string }) {
  const result = await session.run(
    `SELECT format, app, domain, columns, rows, created FROM ${catalogOf(version)}.main.version`,
    neverAborted(),
  )
  const [row] = await result.getRows()
  if (Number(row?.[0]) !== format) {
    throw new Problem('storage_failed', 'These rows were written by another release of this program.')
  }
  const listed: [string, string][] = JSON.parse(String(row?.[3]))
  const info: VersionInfo = {
    version,
    app: String(row?.[1]),
    domain: String(row?.[2]),
    columns: listed.map(([name, type]): Column => ({ name, type: columnType(type) })),
    count: Number(row?.[4]),
    createdAt: Number(row?.[5]),
    bytes: (await stat(path)).size,
  }
  return info
}

/** The texts of the columns that are kept as ENUMs, in the order of their numbers, by the name of the column in the file. */
export async function readLists(session: Session, { version, columns }: VersionInfo): Promise<SqlSource['lists']> {
  const texts = columns.flatMap(({ type }, position) => (type === 'text' ? [columnId(position)] : []))
  if (texts.length === 0) return undefined
  const statement = `SELECT ${texts.join(', ')} FROM ${catalogOf(version)}.main.data LIMIT 0`
  const types = (await session.run(statement, neverAborted())).columnTypes()
  return new Map(
    texts.flatMap((id, index) => {
      const type = types[index]
      return type instanceof DuckDBEnumType ? [[id, type.values] as const] : []
    }),
  )
}

function columnType(type: string): ColumnType {
  const known = Object.keys(physicalTypes).find((name) => name === type)
  if (known === undefined) throw new Problem('storage_failed', 'These rows have a column of an unknown type.')
  return known as ColumnType
}

export async function attach(session: Session, { path, version }: { path: string; version: string }) {
  await session.run(`ATTACH ${quoteText(path)} AS ${catalogOf(version)} (READ_ONLY)`, neverAborted())
}

export async function detach(session: Session, version: string) {
  await session.run(`DETACH ${catalogOf(version)}`, neverAborted())
}
