import type { Capabilities } from './engine.ts'
import type { Pipeline, Query } from './query.ts'
import type { Sql } from './sql/fragment.ts'
import { type AnyStep, type DomainStep, isPipeline, type NestedPipeline } from './step.ts'
import type { NativeStages } from './steps/custom.ts'
import { type NativeText, nativeText } from './steps/customsql.ts'

/** The engine that has the rows of a domain. Domains with one `id` are on one engine, which can read them together. */
export interface Place {
  readonly id: string
  readonly capabilities: Capabilities
  /** The engine is the workbench itself, with rows of its own: what is on it need not be fetched to be worked on there. */
  readonly isWorkbench: boolean
}

export type PlaceOf = (domain: string) => Place

/**
 * How a query is run. `fetch`: an engine runs it all. `bench`: the workbench runs it over `tables`, by the names that its domain steps
 * have, and over its own domains. `stages` and `text`: a native query runs over what `input` gives.
 */
export type Plan<Q = Query> =
  | { readonly kind: 'fetch'; readonly engine: string; readonly query: Q }
  | { readonly kind: 'bench'; readonly tables: ReadonlyMap<string, Plan<Q>>; readonly query: Q }
  | {
      readonly kind: 'stages'
      readonly input: Plan<Q>
      readonly stages: string
      /** What the stages read besides, by domain. */
      readonly others: ReadonlyMap<string, Plan<Q>>
    }
  | { readonly kind: 'text'; readonly input: Plan<Q>; readonly text: NativeText['sql'] }

/** A plan, and the native texts that its domain steps read, by the names that these have in it. */
export interface Planned<Q = Query> {
  readonly plan: Plan<Q>
  readonly natives: ReadonlyMap<string, { readonly domain: string; readonly sql: Sql }>
}

type Node = Plan & { readonly at?: Place }

/**
 * Gives each engine the longest part of a query that it can run by itself, beginning where its rows are; the rest runs on the workbench
 * over what was fetched. Nested pipelines are planned likewise, and stay inside a step as long as all of it is on one engine. A source that
 * cannot filter gives all its rows, and their rule goes with them to the workbench: before anything else sees them.
 */
export function planQuery(query: Query, placeOf: PlaceOf): Planned {
  const { plan, asBench, natives } = createPlanner(placeOf)
  const whole = plan(query.pipeline)
  if (whole.kind !== 'text') return { plan: whole, natives }
  // What a native query gives is shown page by page by the workbench.
  const { tables, pipeline } = asBench(whole)
  return { plan: benching(tables, pipeline), natives }
}

/** No domain has such a name. */
const tableName = (n: number) => `/${n}`

function createPlanner(placeOf: PlaceOf) {
  const natives = new Map<string, { domain: string; sql: Sql }>()
  let tables = 0

  /** The plan as a pipeline for the workbench: its own, or a table that holds what it gives. */
  function asBench(plan: Node): Bench {
    if (plan.kind === 'bench') return { tables: new Map(plan.tables), pipeline: plan.query.pipeline }
    if (plan.kind === 'fetch' && plan.at?.isWorkbench) return { tables: new Map(), pipeline: plan.query.pipeline }
    const domain = tableName(++tables)
    return { tables: new Map([[domain, plan]]), pipeline: [{ name: 'domain', domain, rule: { always: true } }] }
  }

  function begin(step: DomainStep): Node {
    const { of, ...itself } = step
    if (of) {
      const inner = plan(of)
      if (inner.kind === 'fetch' && inner.at?.capabilities.filter)
        return fetching(inner.at, [{ ...step, of: inner.query.pipeline }])
      const bench = asBench(inner)
      return benching(bench.tables, [{ ...itself, of: bench.pipeline }])
    }
    const at = placeOf(step.domain)
    const fetched = fetching(at, [named(step)])
    if (at.capabilities.filter) return fetched
    const bench = asBench(fetched)
    const [{ domain }] = bench.pipeline
    return benching(bench.tables, [{ ...itself, domain }])
  }

  /** A native text is a source of its own, beside what its domain reads. */
  function named({ native, ...step }: DomainStep): DomainStep {
    if (!native) return step
    const domain = tableName(++tables)
    natives.set(domain, { domain: step.domain, sql: native })
    return { ...step, domain }
  }

  function add(before: Node, step: AnyStep): Node {
    const native = planNative(before, step, plan)
    if (native) return native
    const inner = new Map<NestedPipeline, Node>()
    mapPipelines(step, (pipeline) => {
      inner.set(pipeline, plan(pipeline))
      return pipeline
    })
    return pushed(before, step, inner) ?? onBench({ before, step, inner }, asBench)
  }

  function plan([domain, ...steps]: NestedPipeline): Node {
    return steps.reduce(add, begin(domain))
  }
  return { plan, asBench, natives }
}

/** A native step takes the rows as they are, wherever they come from, and gives others. */
function planNative(input: Node, step: AnyStep, plan: (pipeline: NestedPipeline) => Node): Node | undefined {
  if (isCustom(step)) {
    const others = step.query.reads.map((read) => [read[0].domain, plan(read)] as const)
    return { kind: 'stages', input, stages: step.query.stages, others: new Map(others) }
  }
  const text = nativeText(step)
  return text && { kind: 'text', input, text: text.sql }
}

/** The step on the engine that has the rows, when that takes it and has the rows of all pipelines in it too. */
function pushed(before: Node, step: AnyStep, inner: ReadonlyMap<NestedPipeline, Node>): Node | undefined {
  const { at } = before
  if (before.kind !== 'fetch' || !at || !takes(at, step)) return undefined
  const queries = new Map<NestedPipeline, Query>()
  for (const [pipeline, node] of inner) {
    if (node.kind !== 'fetch' || node.at?.id !== at.id) return undefined
    queries.set(pipeline, node.query)
  }
  const placed = mapPipelines(step, (pipeline) => queries.get(pipeline)?.pipeline ?? pipeline)
  return fetching(at, [...before.query.pipeline, placed])
}

interface Unpushed {
  readonly before: Node
  readonly step: AnyStep
  readonly inner: ReadonlyMap<NestedPipeline, Node>
}

function onBench({ before, step, inner }: Unpushed, asBench: (plan: Node) => Bench): Node {
  const bench = asBench(before)
  const placed = mapPipelines(step, (pipeline) => {
    const node = inner.get(pipeline)
    if (!node) return pipeline
    const other = asBench(node)
    for (const [name, table] of other.tables) bench.tables.set(name, table)
    return other.pipeline
  })
  return benching(bench.tables, [...bench.pipeline, placed])
}

interface Bench {
  readonly tables: Map<string, Plan>
  readonly pipeline: Pipeline
}

// Steps only change the pipelines in them here: they stay the steps that they were.
const typed = (pipeline: NestedPipeline) => pipeline as Pipeline

function fetching(at: Place, pipeline: NestedPipeline): Node {
  return { kind: 'fetch', engine: at.id, query: { pipeline: typed(pipeline) }, at }
}

function benching(tables: ReadonlyMap<string, Plan>, pipeline: NestedPipeline): Node {
  return { kind: 'bench', tables, query: { pipeline: typed(pipeline) } }
}

function takes({ capabilities: { steps } }: Place, step: AnyStep): boolean {
  return steps === 'all' || steps.has(step.name)
}

function isCustom(step: AnyStep): step is AnyStep & { readonly query: NativeStages } {
  return step.name === 'custom'
}

/** The step with the pipelines in it changed, those inside them left as they are. */
function mapPipelines(step: AnyStep, change: (pipeline: NestedPipeline) => NestedPipeline): AnyStep {
  return walk(step, change) as AnyStep
}

function walk(value: unknown, change: (pipeline: NestedPipeline) => NestedPipeline): unknown {
  if (isPipeline(value)) return change(value)
  if (Array.isArray(value)) return value.map((item) => walk(item, change))
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  const members = Object.entries(value).map(([key, member]) => [key, walk(member, change)])
  return { ...value, ...Object.fromEntries(members) }
}
