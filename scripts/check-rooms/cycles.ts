import type { Finding, Source } from './sources.ts'

/** Files that reach themselves through imports, of types and in `import()` too: one finding for each knot, with a way around it. */
export function cycleFindings(sources: readonly Source[]): Finding[] {
  const graph = new Map(sources.filter(({ isTest }) => !isTest).map((source) => [source.path, source]))
  const findings: Finding[] = []
  const reported = new Set<string>()
  for (const source of graph.values()) {
    if (reported.has(source.path)) continue
    const way = wayBack(graph, source)
    if (way === undefined) continue
    for (const path of way) reported.add(path)
    const line = source.imports.find(({ target }) => target === (way[1] ?? source.path))?.line ?? 1
    findings.push({ file: `src/${source.path}`, line, rule: 'cycle', message: [...way, source.path].join(' → ') })
  }
  return findings
}

/** The shortest way from a file back to itself, breadth first, without the file at the end. */
function wayBack(graph: ReadonlyMap<string, Source>, start: Source): string[] | undefined {
  const cameFrom = new Map<string, string>()
  let edge = [start.path]
  while (edge.length > 0) {
    const next: string[] = []
    for (const path of edge) {
      for (const { target } of graph.get(path)?.imports ?? []) {
        if (target === start.path) return wayTo(path, cameFrom)
        if (target === null || !graph.has(target) || cameFrom.has(target)) continue
        cameFrom.set(target, path)
        next.push(target)
      }
    }
    edge = next
  }
  return undefined
}

function wayTo(path: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const way = [path]
  for (let before = cameFrom.get(path); before !== undefined; before = cameFrom.get(before)) way.unshift(before)
  return way
}
