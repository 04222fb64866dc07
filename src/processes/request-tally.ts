import type { SeenRequest } from '../http/index.ts'

/** How long requests of one kind took: how many, in all, and how many up to each bound. */
interface Durations {
  readonly method: string
  readonly route: string
  count: number
  sum: number
  /** How many took at most so many seconds, but longer than the bound before. */
  readonly within: number[]
}

/** Counts requests in plain numbers, and makes metrics of them when somebody asks: prom-client takes as long for one as for half an answer. */
export interface RequestTally {
  add(seen: SeenRequest): void
  counts(): { readonly labels: Readonly<Record<string, string>>; readonly value: number }[]
  /** As a histogram has them: cumulative, with `le`. */
  durations(): {
    readonly labels: Readonly<Record<string, string>>
    readonly value: number
    readonly metricName: string
  }[]
}

/** `bounds` in seconds, ascending. */
export function createRequestTally(name: string, bounds: readonly number[]): RequestTally {
  const counts = new Map<string, { readonly labels: Readonly<Record<string, string>>; value: number }>()
  const durations = new Map<string, Durations>()

  function durationsOf(method: string, route: string): Durations {
    const key = `${method} ${route}`
    const known = durations.get(key)
    if (known) return known
    const made = { method, route, count: 0, sum: 0, within: bounds.map(() => 0) }
    durations.set(key, made)
    return made
  }

  return {
    add({ method, route, status, ms }) {
      const key = `${status} ${method} ${route}`
      const known = counts.get(key)
      if (known) known.value++
      else counts.set(key, { labels: { method, route, status: String(status) }, value: 1 })
      const kind = durationsOf(method, route)
      const seconds = ms / 1000
      kind.count++
      kind.sum += seconds
      const bound = bounds.findIndex((most) => seconds <= most)
      if (bound >= 0) kind.within[bound] = (kind.within[bound] ?? 0) + 1
    },
    counts: () => [...counts.values()].map(({ labels, value }) => ({ labels, value })),
    durations: () => [...durations.values()].flatMap((kind) => histogramOf(name, bounds, kind)),
  }
}

function histogramOf(name: string, bounds: readonly number[], { method, route, count, sum, within }: Durations) {
  let total = 0
  const buckets = bounds.map((le, place) => {
    total += within[place] ?? 0
    return { labels: { le: String(le), method, route }, value: total, metricName: `${name}_bucket` }
  })
  return [
    ...buckets,
    { labels: { le: '+Inf', method, route }, value: count, metricName: `${name}_bucket` },
    { labels: { method, route }, value: sum, metricName: `${name}_sum` },
    { labels: { method, route }, value: count, metricName: `${name}_count` },
  ]
}
