import {
  AggregatorRegistry,
  Counter,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  type Metric,
  Registry,
} from 'prom-client'
import type { CacheStats } from '../data/index.ts'
import type { MetricsPage } from '../features/index.ts'
import type { SeenRequest } from '../http/index.ts'
import type { PartsState } from './probes/watch-parts.ts'
import { createRequestTally } from './request-tally.ts'

export interface SeenJob {
  readonly job: string
  /** `stopped`: it was cancelled, or its worker had to end. */
  readonly outcome: 'done' | 'failed' | 'stopped'
  readonly ms: number
}

export type QueueCounts = Readonly<
  Record<string, { readonly waiting: number; readonly running: number; readonly dead: number }>
>

/** What this process counts about itself. */
export interface Metrics {
  request(seen: SeenRequest): void
  job(seen: SeenJob): void
  parts(state: PartsState, names: readonly string[]): void
  /** Read when somebody asks. Whoever starts anew watches anew: what was watched before is forgotten. */
  watchCache(stats: () => CacheStats): void
  watchQueues(counts: () => Promise<QueueCounts>): void
  watchClients(count: () => number): void
  page(): Promise<MetricsPage>
  /** For the process that adds up those of others. */
  values(): Promise<readonly MetricValues[]>
}

export type MetricValues = Awaited<ReturnType<Registry['getMetricsAsJSON']>>[number]

const seconds = [0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30]
const jobSeconds = [0.01, 0.1, 0.5, 1, 5, 15, 60, 300, 1800]

export function createMetrics({ role, version }: { role: string; version: string }): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const info = new Gauge({
    name: 'laputa_info',
    help: 'The program that runs, in its labels.',
    labelNames: ['version', 'role'],
    aggregator: 'first',
    registers,
  })
  info.set({ version, role }, 1)
  const requests = requestMetrics(registry)
  const jobs = jobMetrics(registers)
  const up = new Gauge({
    name: 'laputa_part_up',
    help: 'Whether a part outside of the process answers: 1 or 0.',
    labelNames: ['part'],
    aggregator: 'min',
    registers,
  })
  return {
    request: requests,
    job: jobs,
    parts({ failed, missing }, names) {
      const down = new Set([...failed, ...missing])
      for (const part of names) up.set({ part }, down.has(part) ? 0 : 1)
    },
    watchCache: (stats) => watchCache(registry, stats),
    watchQueues: (counts) => watchQueues(registry, counts),
    watchClients: (count) => watchClients(registry, count),
    page: async () => ({ type: registry.contentType, text: await registry.metrics() }),
    values: () => registry.getMetricsAsJSON(),
  }
}

/** The metrics of several processes that do the same, added up. */
export async function sumOfMetrics(values: readonly (readonly MetricValues[])[]): Promise<MetricsPage> {
  // The types say objects with a registry; it reads a list of the lists that processes gave.
  const registry = AggregatorRegistry.aggregate(values as unknown as object[])
  return { type: registry.contentType, text: await registry.metrics() }
}

function requestMetrics(registry: Registry): (seen: SeenRequest) => void {
  const durations = 'laputa_http_request_duration_seconds'
  const tally = createRequestTally(durations, seconds)
  const count = {
    name: 'laputa_http_requests_total',
    help: 'Requests that were answered, by method, pattern of the route and status.',
    type: 'counter',
    aggregator: 'sum',
  }
  const duration = {
    name: durations,
    help: 'How long requests took, until their answers were sent.',
    type: 'histogram',
    aggregator: 'sum',
  }
  // The types say one of its own classes; the registry asks a metric for nothing but its name and what `get` gives.
  const register = (about: typeof count, values: () => object[]) =>
    registry.registerMetric({ ...about, get: async () => ({ ...about, values: values() }) } as unknown as Metric)
  register(count, tally.counts)
  register(duration, tally.durations)
  return tally.add
}

function jobMetrics(registers: Registry[]): (seen: SeenJob) => void {
  const count = new Counter({
    name: 'laputa_jobs_total',
    help: 'Attempts of jobs that this process has ended, by name and outcome.',
    labelNames: ['job', 'outcome'],
    registers,
  })
  const duration = new Histogram({
    name: 'laputa_job_duration_seconds',
    help: 'How long attempts of jobs took.',
    labelNames: ['job'],
    buckets: jobSeconds,
    registers,
  })
  return ({ job, outcome, ms }) => {
    count.inc({ job, outcome })
    duration.observe({ job }, ms / 1000)
  }
}

/** The place of a metric that may be there from an attempt to start that failed: registering it twice is an error. */
function placeOf(registry: Registry, name: string): { readonly name: string; readonly registers: Registry[] } {
  registry.removeSingleMetric(name)
  return { name, registers: [registry] }
}

function watchClients(registry: Registry, count: () => number): void {
  new Gauge({
    ...placeOf(registry, 'laputa_live_clients'),
    help: 'Clients that are connected to receive events.',
    collect() {
      this.set(count())
    },
  })
}

function watchCache(registry: Registry, stats: () => CacheStats): void {
  new Counter({
    ...placeOf(registry, 'laputa_cache_answers_total'),
    help: 'Answers to queries, by how the cache served them.',
    labelNames: ['outcome'],
    collect() {
      this.reset()
      for (const [outcome, count] of Object.entries(stats().served)) this.inc({ outcome }, count)
    },
  })
  new Gauge({
    ...placeOf(registry, 'laputa_cache_memory_bytes'),
    help: 'Memory that cached answers take in the process.',
    collect() {
      this.set(stats().memory.bytes)
    },
  })
}

function watchQueues(registry: Registry, counts: () => Promise<QueueCounts>): void {
  new Gauge({
    ...placeOf(registry, 'laputa_queue_jobs'),
    help: 'Jobs of the instance by queue and state. Each worker tells the same: take the largest, not the sum.',
    labelNames: ['queue', 'state'],
    aggregator: 'max',
    async collect() {
      this.reset()
      // A bus that does not answer says nothing about its queues; `laputa_part_up` says that it does not answer.
      const known = await counts().catch((): QueueCounts => ({}))
      for (const [queue, states] of Object.entries(known)) {
        for (const [state, count] of Object.entries(states)) this.set({ queue, state }, count)
      }
    },
  })
}
