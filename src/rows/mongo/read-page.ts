import { setImmediate as nextTurn } from 'node:timers/promises'
import type { CompiledMongo, Slice, SliceRequest } from '../../pipeline/index.ts'
import { startCount } from '../early-count.ts'
import type { ReadDocuments } from './aggregations.ts'
import { documentPrinter } from './print-documents.ts'

/** Printing blocks the event loop: after so many cells others have their turn. */
const cellsPerTurn = 16_384

interface PageRequest {
  readonly compiled: CompiledMongo
  readonly slice: SliceRequest
  readonly signal: AbortSignal
  /** How many rows there are, where that is known without asking. */
  readonly total: number | undefined
}

/** Reads a page as JSON and, unless it shows the last row, counts all rows. */
export async function readPage(read: ReadDocuments, request: PageRequest): Promise<Omit<Slice, 'stats'>> {
  const { compiled, slice, signal } = request
  const countAll = () => startCount((given) => countRows(read, compiled, given), signal)
  const limit = Math.min(slice.limit ?? slice.maxRows, slice.maxRows)
  // At the same time where it is nearly always needed. Of a first page it mostly is not, and giving it up costs a connection.
  const early = slice.limit === null || slice.offset === 0 || request.total !== undefined ? undefined : countAll()
  try {
    const { rows, count: found } = await printPage(read, request, limit)
    const count = Math.min(found, limit)
    const more = found > limit
    const shown = !more && (count > 0 || slice.offset === 0) ? slice.offset + count : undefined
    const total = shown ?? request.total ?? (await (early ?? countAll()).total)
    return {
      columns: compiled.columns.map(({ name, type }) => ({ name, type })),
      rows,
      count,
      page: { offset: slice.offset, limit: slice.limit, total, truncated: more && limit !== slice.limit },
    }
  } finally {
    await early?.stop()
  }
}

/** The page, and how many rows were found: one more than the limit when there are more. */
async function printPage(read: ReadDocuments, { compiled, slice, signal }: PageRequest, limit: number) {
  const print = documentPrinter(compiled.columns)
  const rowsPerTurn = Math.max(1, Math.floor(cellsPerTurn / Math.max(1, compiled.columns.length)))
  const stages = [...compiled.stages, { $skip: slice.offset }, { $limit: limit + 1 }]
  const parts: Buffer[] = []
  let count = 0
  for await (const documents of read(compiled, stages, signal)) {
    for (let from = 0; from < documents.length; from += rowsPerTurn) {
      const some = documents.slice(from, from + rowsPerTurn)
      const texts = some.slice(0, Math.max(0, limit - count)).map(print)
      count += some.length
      if (texts.length > 0) parts.push(Buffer.from(`${parts.length > 0 ? ',' : '['}${texts.join(',')}`))
      if (from + rowsPerTurn < documents.length) await nextTurn()
    }
  }
  return { rows: Buffer.concat([...parts, Buffer.from(parts.length > 0 ? ']' : '[]')]), count }
}

async function countRows(read: ReadDocuments, compiled: CompiledMongo, signal: AbortSignal): Promise<number> {
  let count = 0
  for await (const [document] of read(compiled, compiled.count, signal)) count += Number(document?.count ?? 0)
  return count
}
