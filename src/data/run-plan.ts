import { Problem } from '../base/index.ts'
import type { Batch, DomainStep, Guarded, Plan, Query, Slice, SliceRequest } from '../pipeline/index.ts'
import type { LoadedTable, NativeDocument, RowsEngine, Workbench } from '../rows/index.ts'
import { batchOf, sliceOf } from './documents.ts'

export type GuardedPlan = Plan<Guarded<Query>>

export interface RunDeps {
  /** The engine that a part of the plan names. */
  engine(id: string): RowsEngine
  readonly workbench: Workbench
  /** Versions that the workbench has itself, by domain. */
  readonly versions: ReadonlyMap<string, string>
  readonly maxFetchedRows: number
  readonly maxNativeRows: number
  /** Looks at what was fetched for the workbench, before it is worked on. */
  readonly observe?: Observe | undefined
}

export type Observe = (
  plan: Extract<GuardedPlan, { kind: 'bench' }>,
  tables: ReadonlyMap<string, LoadedTable>,
  signal: AbortSignal,
) => Promise<void>

/** Runs a plan to its page. Errors: those of the engines, `too_many_rows`. */
export async function runPlan(
  plan: GuardedPlan,
  { deps, slice, signal }: { deps: RunDeps; slice: SliceRequest; signal: AbortSignal },
): Promise<Slice> {
  if (plan.kind === 'fetch') return deps.engine(plan.engine).fetch(plan.query, slice, signal)
  if (plan.kind === 'stages') {
    const started = performance.now()
    const documents = await documentsOf(plan, deps, signal)
    return sliceOf(documents, slice, { compile: 0, execute: performance.now() - started })
  }
  const tables = new Map<string, LoadedTable>()
  try {
    if (plan.kind === 'bench') {
      await loadAll(plan.tables, { deps, tables, signal })
      await deps.observe?.(plan, tables, signal)
      if (showsNothing(plan.query.pipeline, tables)) return sliceOf([], slice, { compile: 0, execute: 0 })
      return await deps.workbench.engine(tables, deps.versions).fetch(plan.query, slice, signal)
    }
    throw new Problem('internal', 'A native query was planned without what shows its rows.')
  } finally {
    await endAll(tables)
  }
}

/** All rows of a plan, as they come. */
export async function* streamPlan(
  plan: GuardedPlan,
  deps: RunDeps,
  signal: AbortSignal,
): AsyncGenerator<Batch, void, undefined> {
  if (plan.kind === 'fetch') {
    yield* deps.engine(plan.engine).stream(plan.query, signal)
  } else if (plan.kind === 'stages') {
    yield batchOf(await documentsOf(plan, deps, signal))
  } else if (plan.kind === 'text') {
    const input = streamPlan(plan.input, deps, signal)
    yield* deps.workbench.runSql(plan.text, input, { maxRows: deps.maxFetchedRows, signal })
  } else {
    const tables = new Map<string, LoadedTable>()
    try {
      await loadAll(plan.tables, { deps, tables, signal })
      await deps.observe?.(plan, tables, signal)
      if (showsNothing(plan.query.pipeline, tables)) yield { columns: [], rows: [] }
      else yield* deps.workbench.engine(tables, deps.versions).stream(plan.query, signal)
    } finally {
      await endAll(tables)
    }
  }
}

type StagesPlan = Extract<GuardedPlan, { kind: 'stages' }>

/** By the database that has the rows, where it can; on the workbench otherwise. */
async function documentsOf(plan: StagesPlan, deps: RunDeps, signal: AbortSignal): Promise<readonly NativeDocument[]> {
  const found = await documentsThere(plan, deps, signal)
  if (found) return found
  const others = new Map([...plan.others].map(([domain, other]) => [domain, streamPlan(other, deps, signal)] as const))
  const input = streamPlan(plan.input, deps, signal)
  return deps.workbench.runStages({ stages: plan.stages, input, others, maxRows: deps.maxNativeRows }, signal)
}

/** Stages that read other domains are left to the workbench: there these come with their rules, whatever the stages make of their names. */
async function documentsThere({ input, others, stages }: StagesPlan, deps: RunDeps, signal: AbortSignal) {
  if (input.kind !== 'fetch' || others.size > 0) return null
  const request = { query: input.query, stages, maxRows: deps.maxNativeRows }
  return (await deps.engine(input.engine).runStages?.(request, signal)) ?? null
}

interface Loading {
  readonly deps: RunDeps
  readonly tables: Map<string, LoadedTable>
  readonly signal: AbortSignal
}

/** One after the other: they share the memory that a query may use. */
async function loadAll(plans: ReadonlyMap<string, GuardedPlan>, { deps, tables, signal }: Loading): Promise<void> {
  for (const [name, plan] of plans) {
    const batches = streamPlan(plan, deps, signal)
    tables.set(name, await deps.workbench.load(batches, { maxRows: deps.maxFetchedRows }, signal))
  }
}

/** All of them, also when one cannot be freed. */
async function endAll(tables: ReadonlyMap<string, LoadedTable>): Promise<void> {
  const ended = await Promise.allSettled([...tables.values()].map((table) => table.end()))
  for (const end of ended) if (end.status === 'rejected') throw end.reason
}

/** Whether a query shows a source as it is that gave no rows and, having no others, no columns: no rule has anything to look at. */
function showsNothing(
  [step, ...steps]: readonly [DomainStep, ...object[]],
  tables: ReadonlyMap<string, LoadedTable>,
): boolean {
  if (steps.length > 0) return false
  return step.of ? showsNothing(step.of, tables) : tables.get(step.domain)?.columns.length === 0
}
