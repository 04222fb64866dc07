import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { parse as parseCsv } from 'csv-parse/sync'
import { isObject } from '../../src/base/index.ts'
import { withFeatureIds } from './geo-table.ts'
import { parseInstant } from './instant.ts'
import { readDataFile } from './read-file.ts'
import { readTable, type Table, withoutColumn } from './table.ts'

/** One fixture, ready to run. */
export interface ConformanceCase {
  /** Its path in the folder, with `/`. */
  readonly file: string
  /** The folder that it lies in: the step that it is about. */
  readonly step: string
  readonly pipeline: readonly unknown[]
  /** The tables that the pipeline can read, by domain. */
  readonly domains: ReadonlyMap<string, Table>
  readonly expected: Table
  /** The columns come in this order, and so do rows that are equal in what they were sorted by. Our own fixtures ask for it. */
  readonly strict: boolean
  /** Whether the expectation says anything about the order of rows: one that was only ever compared on MongoDB, sorted, does not. */
  readonly ordered: boolean
}

/** Who compares rows in their order, by the names that `exclude` uses. */
const orderedRunners = [
  'pandas',
  'postgres_pypika',
  'redshift_pypika',
  'snowflake_pypika',
  'bigquery_pypika',
  'athena_pypika',
]

/** A fixture that cannot be read. It counts as failed on every engine. */
export interface UnreadableCase {
  readonly file: string
  readonly step: string
  readonly problem: string
}

/** The domain of a fixture's own input, and that of the table that fixtures without one read. */
const ownDomain = 'in'
const sharedDomain = 'beers_tiny'

/** Every fixture of a folder, in the order of their paths. `beers` is a folder that has beers.csv when this one has none. */
export function loadCases(folder: string, beers?: string): (ConformanceCase | UnreadableCase)[] {
  const shared = sharedTable([folder, dirname(folder), ...(beers === undefined ? [] : [beers])])
  return filesOf(folder, '').map((file) => {
    const step = file.includes('/') ? (file.split('/')[0] ?? '') : '(none)'
    try {
      return { file, step, ...readCase(readDataFile(join(folder, file)), file, shared) }
    } catch (error) {
      return { file, step, problem: `cannot be read: ${error instanceof Error ? error.message : String(error)}` }
    }
  })
}

function filesOf(folder: string, prefix: string): string[] {
  const entries = readdirSync(join(folder, prefix), { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  return entries.flatMap((entry) => {
    const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`
    if (entry.isDirectory()) return filesOf(folder, path)
    return /\.(json|ya?ml)$/.test(entry.name) ? [path] : []
  })
}

function readCase(raw: unknown, file: string, shared: Table | undefined): Omit<ConformanceCase, 'file' | 'step'> {
  if (!isObject(raw)) throw new Error('a fixture is an object')
  const hasDates = `${basename(dirname(file))}/${basename(file)}`.includes('date')
  const steps = stepsOf(raw).map((step) => (hasDates ? withDates(step) : step))
  // Where a table's index was written out it is no column, unless the pipeline speaks of it.
  const usesIndex = JSON.stringify(steps, bigintAsText).includes('"index"')
  const table = (value: unknown) => (usesIndex ? readTable(value) : withoutColumn(readTable(value), 'index'))
  const input = (value: unknown) => withFeatureIds(table(value), value)
  const others = isObject(raw.other_inputs) ? Object.entries(raw.other_inputs) : []
  const domains = new Map(others.map(([name, value]) => [name, input(value)]))
  if (shared && !domains.has(sharedDomain)) domains.set(sharedDomain, shared)
  if (raw.input !== undefined && raw.input !== null) domains.set(ownDomain, input(raw.input))
  if (raw.expected === undefined) throw new Error('it has no "expected"')
  const excluded = Array.isArray(raw.exclude) ? raw.exclude : []
  return {
    pipeline: fromDomain(steps, domains),
    domains,
    expected: table(raw.expected),
    strict: raw.strict === true,
    ordered: raw.strict === true || orderedRunners.some((runner) => !excluded.includes(runner)),
  }
}

/** `step.pipeline`, or the steps as the step itself, one or several. */
function stepsOf(raw: Record<string, unknown>): readonly unknown[] {
  const step = raw.step ?? raw.pipeline
  const steps = isObject(step) ? (step.pipeline ?? [step]) : step
  if (!Array.isArray(steps)) throw new Error('it has no "step.pipeline"')
  return steps
}

/** Fixtures leave the first step out: it reads their input, or the shared table when they have none. */
function fromDomain(steps: readonly unknown[], domains: ReadonlyMap<string, Table>): readonly unknown[] {
  const [first] = steps
  if (isObject(first) && first.name === 'domain') return steps
  // Native SQL that does not read the rows so far is for a connection of its own.
  const isNative = isObject(first) && first.name === 'customsql'
  if (isNative && !String(first.query).includes('##PREVIOUS_STEP##')) return steps
  const domain = domains.has(ownDomain) ? ownDomain : sharedDomain
  if (!domains.has(domain)) throw new Error('it has no input, and there is no beers.csv')
  return [{ name: 'domain', domain }, ...steps]
}

/** Texts such as `date: 2021-11-01 00:00:00` as instants: values of objects, and items of lists that hold only texts and nulls. */
function withDates(value: unknown): unknown {
  if (Array.isArray(value)) {
    const isDates = value.every((item) => item === null || typeof item === 'string')
    return value.map((item) => (typeof item === 'string' ? (isDates ? decoded(item) : item) : withDates(item)))
  }
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      typeof member === 'string' ? decoded(member) : withDates(member),
    ]),
  )
}

function decoded(text: string): unknown {
  const match = /^date: *(.*)$/.exec(text)
  return match?.[1] === undefined ? text : (parseInstant(match[1]) ?? text)
}

function bigintAsText(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}

/** The table of fixtures that have no input of their own. */
function sharedTable(folders: readonly string[]): Table | undefined {
  const path = folders.map((folder) => join(folder, 'beers.csv')).find(existsSync)
  if (path === undefined) return undefined
  const records: Record<string, string>[] = parseCsv(readFileSync(path), { columns: true })
  const names = Object.keys(records[0] ?? {}).filter((name) => name !== 'index')
  const rows = records.map((record) => Object.fromEntries(names.map((name) => [name, csvValue(record[name] ?? '')])))
  return readTable(rows)
}

function csvValue(text: string): unknown {
  if (text === '') return null
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text)
  return parseInstant(text) ?? text
}
