import { isObject, type Json, Problem } from '../../base/index.ts'
import type { HttpAnswer } from './request.ts'

/**
 * The JSON in an answer. Errors: `source_failed` with the status, or for what is no JSON. What a source says about a failure is not shown:
 * rows and secrets may be in it, and whoever asked may have no right to them.
 */
export function readJson({ status, text, contentType, retryAfter }: HttpAnswer): Json {
  if (status < 200 || status > 299) {
    const detail = `The source answered with status ${status}.`
    throw new Problem('source_failed', detail, retryAfter === undefined ? {} : { retryAfter })
  }
  if (text.trim() === '') return []
  try {
    return isLines(contentType) ? parseLines(text) : (JSON.parse(text) as Json)
  } catch {
    throw new Problem('source_failed', `The answer of the source is not JSON${kindOf(contentType)}.`)
  }
}

/** One value a line. */
function isLines(contentType: string): boolean {
  return /^application\/(?:x-)?(?:ndjson|jsonl|json-lines|jsonlines)$/.test(contentType)
}

function parseLines(text: string): Json {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return lines.map((line) => JSON.parse(line) as Json)
}

function kindOf(contentType: string): string {
  return /^[\w.+-]+\/[\w.+-]+$/.test(contentType) ? ` but ${contentType}` : ''
}

/** A list is the rows; an object whose members are lists of one length is a table by columns; anything else is one row. */
export function rowsOf(outputs: readonly Json[]): readonly Json[] {
  const [only] = outputs
  if (outputs.length !== 1 || only === undefined) return outputs
  if (Array.isArray(only)) return only
  if (!isObject(only)) return outputs
  const entries = Object.entries(only as { [name: string]: Json })
  const lists = entries.map(([, list]) => list).filter((list): list is Json[] => Array.isArray(list))
  const [first] = lists
  if (!first || lists.length !== entries.length || lists.some(({ length }) => length !== first.length)) return outputs
  return first.map((_, index) =>
    Object.fromEntries(entries.map(([name], at) => [name, lists[at]?.[index] ?? null] as const)),
  )
}
