import { parentPort } from 'node:worker_threads'
import { aggregate } from 'mingo'
import { readStages } from './read-stages.ts'

/** Rows of a table, or what a table of columns and rows is in a message: both sides speak only in these. */
export interface TableMessage {
  readonly names: readonly string[]
  readonly rows: readonly (readonly unknown[])[]
}

export interface StagesMessage {
  /** JSON text of the stages, already checked. */
  readonly stages: string
  readonly input: TableMessage
  readonly others: readonly (readonly [domain: string, table: TableMessage])[]
  readonly maxRows: number
}

export type StagesReply =
  | { readonly documents: readonly Readonly<Record<string, unknown>>[] }
  | { readonly tooMany: true }
  | { readonly failed: string }

// A thread answers one query after the other, of different people: whatever stages make of names and paths, nothing of it stays.
allowOwnNames(Object.prototype)
for (const { prototype } of [Object, Array, Function, String, Number, Date, Map, Set, RegExp]) Object.freeze(prototype)

// The other side of `run-stages.ts`: a thread of its own, because stages run without a pause and may be told to do very much.
parentPort?.on('message', (message: StagesMessage) => {
  parentPort?.postMessage(answer(message))
})

/**
 * What is frozen in a prototype cannot be assigned to objects either, and is lost without an error: a condition on a column that is
 * called `constructor` would not count. With setters it can.
 */
function allowOwnNames(prototype: object): void {
  for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (!('value' in property)) continue
    Object.defineProperty(prototype, name, {
      get: () => property.value,
      set(value) {
        if (this === prototype) return
        Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true })
      },
      configurable: true,
    })
  }
}

function answer({ stages, input, others, maxRows }: StagesMessage): StagesReply {
  const tables = new Map(others.map(([domain, table]) => [domain, documentsOf(table)]))
  try {
    const documents = aggregate(documentsOf(input), readStages(stages), {
      collectionResolver: (name) => tables.get(name) ?? [],
      // Stages hold no code: their operators are listed, and they are JSON. mingo asks for this for window functions.
      scriptEnabled: stages.includes('"$setWindowFields"'),
    }) as Record<string, unknown>[]
    return documents.length > maxRows ? { tooMany: true } : { documents: documents.map(plain) }
  } catch (error) {
    return { failed: error instanceof Error ? error.message : 'unknown' }
  }
}

function documentsOf({ names, rows }: TableMessage): Record<string, unknown>[] {
  // Not by assignment: a column may have the name of something that every object has.
  return rows.map((row) => Object.fromEntries(names.map((name, index) => [name, row[index] ?? null])))
}

/** A document as it can be sent: regular expressions and the like become texts. */
function plain(document: unknown): Record<string, unknown> {
  return plainValue(document) as Record<string, unknown>
}

function plainValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainValue)
  if (value === undefined || value === null) return null
  if (typeof value !== 'object') return typeof value === 'function' || typeof value === 'symbol' ? null : value
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) return String(value)
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plainValue(inner)]))
}
