import type { ProblemItem } from '../../../base/index.ts'
import type { Dialect } from './dialect.ts'

interface SurveyOptions {
  readonly dialect: Dialect
  /** Bytes that a row may have. */
  readonly longestRow: number
  /** The survey ends when it has found so many faults. */
  readonly mostFaults: number
}

export interface Survey {
  /** What keeps the file from being a table, each with its line. */
  readonly faults: readonly ProblemItem[]
  /** Rows without blank lines, the header included. */
  readonly rows: number
  /** Some rows end in another way than others. */
  readonly mixedLineEnds: boolean
}

/**
 * Goes through a UTF-8 file without its byte order mark and checks that it is a table. DuckDB checks as well, but counts rows where
 * people count lines, takes minutes to tell more than the first fault, and in some ways of reading silently leaves out a row that is
 * very long or whose quote is not closed: what it has read is to be compared with `rows`.
 */
export async function surveyFile(file: AsyncIterable<Uint8Array>, options: SurveyOptions): Promise<Survey> {
  const kinds = kindsOf(options.dialect)
  const steps = stepsOf(options.dialect)
  const reading = beginReading(options)
  let state: number = states.start
  for await (const bytes of file) {
    for (let at = 0; at < bytes.length; at++) {
      const step = steps[state * kindCount + (kinds[bytes[at] ?? 0] ?? 0)] ?? 0
      if (step >= actions.endField) act(reading, { action: step & ~stateBits, state, at, bytes })
      state = step & stateBits
    }
    reading.before += bytes.length
    reading.lastByte = bytes.at(-1) ?? 0
    const isLong = checkLength(reading, reading.before)
    if (isLong || reading.faults.length >= options.mostFaults) return summaryOf(reading)
  }
  if (state === states.quoted || state === states.escaped) {
    addFault(reading, reading.quoteLine, 'The quoted value that begins here is not closed.')
  } else {
    endRow(reading, state, reading.before)
  }
  return summaryOf(reading)
}

/** What a byte is: the columns of the table of steps. */
const byteKinds = { other: 0, space: 1, separator: 2, quote: 3, escape: 4, lineEnd: 5 } as const
const kindCount = 6

/** Where the reading stands: before a value, after blanks before one, in one, in quotes, right behind these, and further behind. */
const states = { start: 0, blank: 1, plain: 2, quoted: 3, escaped: 4, closed: 5, behind: 6 } as const
const stateBits = 15

/** What a byte brings about besides the next state. */
const actions = { endField: 16, endRow: 32, openQuote: 48, lineInQuotes: 64, strayText: 80 } as const

function kindsOf(dialect: Dialect): Uint8Array {
  const table = new Uint8Array(256)
  table[32] = byteKinds.space
  table[10] = byteKinds.lineEnd
  table[13] = byteKinds.lineEnd
  table[dialect.separator.charCodeAt(0)] = byteKinds.separator
  table[dialect.escape.charCodeAt(0)] = byteKinds.escape
  table[dialect.quote.charCodeAt(0)] = byteKinds.quote
  return table
}

/** The next state and the action, for each state and each kind of byte. */
function stepsOf(dialect: Dialect): Uint8Array {
  const { start, blank, plain, quoted, escaped, closed, behind } = states
  const field = start + actions.endField
  const row = start + actions.endRow
  const open = quoted + actions.openQuote
  const line = quoted + actions.lineInQuotes
  const stray = plain + actions.strayText
  const again = dialect.escape === dialect.quote ? quoted : stray
  return Uint8Array.from([
    // other, space, separator, quote, escape, line end
    ...[plain, blank, field, open, plain, row],
    ...[plain, blank, field, open, plain, row],
    ...[plain, plain, field, plain, plain, row],
    ...[quoted, quoted, quoted, closed, escaped, line],
    ...[quoted, quoted, quoted, quoted, quoted, line],
    ...[stray, behind, field, again, stray, row],
    ...[stray, behind, field, stray, stray, row],
  ])
}

interface Reading {
  readonly options: SurveyOptions
  readonly faults: ProblemItem[]
  rows: number
  /** Bytes of the chunks before this one, and the last of them. */
  before: number
  lastByte: number
  /** Lines count from 1. */
  line: number
  quoteLine: number
  rowLine: number
  rowStart: number
  /** Fields of the row that have ended. */
  fields: number
  ends: { lf: number; cr: number; crlf: number }
}

function beginReading(options: SurveyOptions): Reading {
  const ends = { lf: 0, cr: 0, crlf: 0 }
  const lines = { line: 1, quoteLine: 1, rowLine: 1 }
  return { options, faults: [], rows: 0, before: 0, lastByte: 0, ...lines, rowStart: 0, fields: 0, ends }
}

interface Step {
  readonly action: number
  /** The state before the byte. */
  readonly state: number
  readonly at: number
  readonly bytes: Uint8Array
}

function act(reading: Reading, { action, state, at, bytes }: Step): void {
  if (action === actions.endField) {
    reading.fields++
  } else if (action === actions.openQuote) {
    reading.quoteLine = reading.line
  } else if (action === actions.strayText) {
    addFault(reading, reading.line, 'Something follows the closing quote of a value.')
  } else if (isSecondOfPair(reading, at, bytes)) {
    if (action === actions.endRow) countPair(reading, at)
  } else {
    if (action === actions.endRow) {
      reading.ends[bytes[at] === 13 ? 'cr' : 'lf']++
      endRow(reading, state, reading.before + at + 1)
    }
    reading.line++
  }
}

function isSecondOfPair({ lastByte }: Reading, at: number, bytes: Uint8Array): boolean {
  return bytes[at] === 10 && (at === 0 ? lastByte : bytes[at - 1]) === 13
}

function countPair(reading: Reading, at: number): void {
  reading.ends.cr--
  reading.ends.crlf++
  reading.rowStart = reading.before + at + 1
}

/** Blank lines are no rows. A separator at the end of a row is forgiven: there is nothing behind it. */
function endRow(reading: Reading, state: number, end: number): void {
  const { width } = reading.options.dialect
  const fields = reading.fields + 1
  const endsEmpty = state === states.start
  if (fields > 1 || !endsEmpty) {
    reading.rows++
    checkLength(reading, end)
    if (fields !== width && !(fields === width + 1 && endsEmpty)) {
      const message = `This row has ${counted(fields, 'value')}; the header has ${counted(width, 'name')}.`
      addFault(reading, reading.rowLine, message)
    }
  }
  reading.fields = 0
  reading.rowLine = reading.line + 1
  reading.rowStart = end
}

function checkLength(reading: Reading, end: number): boolean {
  const isLong = end - reading.rowStart > reading.options.longestRow
  if (isLong) {
    addFault(reading, reading.rowLine, 'The row that begins here is too long; perhaps a quoted value is not closed.')
  }
  return isLong
}

function addFault({ faults, options }: Reading, line: number, message: string): void {
  if (faults.length < options.mostFaults) faults.push({ path: '/file', line, message })
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function summaryOf({ faults, rows, ends }: Reading): Survey {
  const ways = Object.values(ends).filter((count) => count > 0).length
  return { faults, rows, mixedLineEnds: ways > 1 }
}
