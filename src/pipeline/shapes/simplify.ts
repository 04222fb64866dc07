import { feature } from 'topojson-client'
import { topology } from 'topojson-server'
import { type Position, piecesOf, type Ring, type Shape, withPieces } from './shape.ts'

/** Measuring so many distances takes less than a second; only borders made to be slow need more. */
const maxDistances = 10_000_000

/**
 * The shapes with fewer vertices, by Douglas and Peucker: none that is left out is further than the tolerance, in the unit of the
 * coordinates, from the line that replaces it. A border that shapes share stays shared, and no ring or line shrinks to nothing.
 * Undefined when that is too much work.
 */
export function simplifyShapes(shapes: readonly Shape[], tolerance: number): Shape[] | undefined {
  const pieces = shapes.map(piecesOf)
  const whole = topology({
    lines: { type: 'MultiLineString', coordinates: pieces.flatMap(({ lines }) => lines) },
    polygons: { type: 'MultiPolygon', coordinates: pieces.flatMap(({ polygons }) => polygons) },
  } as Parameters<typeof topology>[0])
  const { lines, polygons } = whole.objects
  if (lines?.type !== 'MultiLineString' || polygons?.type !== 'MultiPolygon') return undefined
  const budget = { distances: maxDistances }
  const arcs = whole.arcs.map((points) => simplifyArc(points as Position[], tolerance, budget))
  for (const line of lines.arcs) keepExtent(line, arcs, { least: 3, budget })
  for (const ring of polygons.arcs.flat()) keepExtent(ring, arcs, { least: 4, budget })
  if (budget.distances < 0) return undefined
  const simpler = { ...whole, arcs: arcs.map(({ points, kept }) => points.filter((_, at) => kept.has(at))) }
  const newLines = feature(simpler, lines).geometry.coordinates as Position[][]
  const newPolygons = feature(simpler, polygons).geometry.coordinates as Ring[][]
  return shapes.map((shape, index) => {
    const own = pieces[index]
    const taken = {
      lines: newLines.splice(0, own?.lines.length ?? 0),
      polygons: newPolygons.splice(0, own?.polygons.length ?? 0),
    }
    return withPieces(shape, taken)
  })
}

/** A stretch of border, and the indexes of the vertices that stay. */
interface Arc {
  readonly points: readonly Position[]
  readonly kept: Set<number>
}

interface Budget {
  distances: number
}

function simplifyArc(points: readonly Position[], tolerance: number, budget: Budget): Arc {
  const arc: Arc = { points, kept: new Set([0, points.length - 1]) }
  const open: (readonly [number, number])[] = [[0, points.length - 1]]
  for (let part = open.pop(); part && budget.distances >= 0; part = open.pop()) {
    const [from, to] = part
    const { at, distance } = farthest(arc, part, budget)
    if (distance <= tolerance) continue
    arc.kept.add(at)
    open.push([from, at], [at, to])
  }
  return arc
}

/**
 * Gives vertices back until a ring or a line that comes back to its start has an extent. `indexes` are those of its arcs, with their
 * bits turned for the other direction.
 */
function keepExtent(
  indexes: readonly number[],
  arcs: readonly Arc[],
  { least, budget }: { least: number; budget: Budget },
): void {
  const own = indexes.map((index) => arcs[index < 0 ? ~index : index]).filter((arc) => arc !== undefined)
  const [start, end] = [own[0]?.points[0], own.at(-1)?.points.at(-1)]
  if (least === 3 && String(start) !== String(end)) return
  while (budget.distances >= 0 && own.reduce((sum, { kept }) => sum + kept.size - 1, 1) < least) {
    const [best] = own
      .flatMap((arc) => gaps(arc).map((gap) => ({ arc, ...farthest(arc, gap, budget) })))
      .sort((a, b) => b.distance - a.distance)
    if (best === undefined) return
    best.arc.kept.add(best.at)
  }
}

/** The stretches between vertices that stay, where something was left out. */
function gaps({ kept }: Arc): [number, number][] {
  const sorted = [...kept].sort((a, b) => a - b)
  return sorted
    .slice(1)
    .map((to, index): [number, number] => [sorted[index] ?? 0, to])
    .filter(([from, to]) => to - from > 1)
}

/** The vertex between two others that is furthest from the line between them. */
function farthest({ points }: Arc, [from, to]: readonly [number, number], budget: Budget) {
  budget.distances -= to - from
  const [a, b] = [points[from], points[to]]
  let best = { at: from, distance: -1 }
  if (!a || !b) return best
  for (let at = from + 1; at < to; at++) {
    const point = points[at]
    const distance = point ? distanceTo(point, a, b) : -1
    if (distance > best.distance) best = { at, distance }
  }
  return best
}

function distanceTo([x, y]: Position, [ax, ay]: Position, [bx, by]: Position): number {
  const [dx, dy] = [bx - ax, by - ay]
  const length = dx * dx + dy * dy
  const along = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length))
  return Math.hypot(x - ax - along * dx, y - ay - along * dy)
}
