import { isProblem } from '../../src/base/index.ts'
import { difference } from './compare.ts'
import { type Departure, departedTable, departureFor } from './departures.ts'
import type { OpenEngine } from './engines/engine.ts'
import { misfit } from './engines/values.ts'
import type { ConformanceCase, UnreadableCase } from './load-cases.ts'
import { rowOrder } from './row-order.ts'
import type { Table } from './table.ts'

export type Outcome =
  | { readonly outcome: 'passed' | 'departure' }
  | { readonly outcome: 'failed' | 'unable'; readonly reason: string }

export interface RunOptions {
  readonly engine: string
  readonly departures: readonly Departure[]
}

/** Runs one fixture and judges the answer. */
export async function runCase(
  open: OpenEngine,
  fixture: ConformanceCase | UnreadableCase,
  { engine, departures }: RunOptions,
): Promise<Outcome> {
  if ('problem' in fixture) return failed(fixture.problem)
  const departure = departureFor(departures, fixture.file, engine)
  try {
    const answer = await open.run(fixture)
    if ('unable' in answer) return { outcome: 'unable', reason: answer.unable }
    const wrongType = misfit(answer.columns, answer.rows)
    if (wrongType !== null) return failed(wrongType)
    return departure ? judgeDeparture(departure, fixture, answer) : judge(fixture, fixture.expected, answer)
  } catch (error) {
    return departure && refusedAs(departure, error) ? { outcome: 'departure' } : failed(messageOf(error))
  }
}

function judge(fixture: ConformanceCase, expected: Table, answer: Table): Outcome {
  const reason = difference(expected, answer, {
    order: fixture.ordered ? rowOrder(fixture.pipeline) : null,
    strict: fixture.strict,
  })
  return reason === null ? { outcome: 'passed' } : failed(reason)
}

/** A departure counts only while it is one, and while the rows are those that it promises. */
function judgeDeparture({ instead }: Departure, fixture: ConformanceCase, answer: Table): Outcome {
  if (judge(fixture, fixture.expected, answer).outcome === 'passed') return failed('listed as a departure, and passes')
  if ('refused' in instead) return failed('listed as refused, and gives rows')
  const judged = judge(fixture, departedTable(instead.rows, fixture), answer)
  return judged.outcome === 'passed' ? { outcome: 'departure' } : judged
}

function refusedAs({ instead }: Departure, error: unknown): boolean {
  return 'refused' in instead && isProblem(error) && error.code === instead.refused
}

function failed(reason: string): Outcome {
  return { outcome: 'failed', reason }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
