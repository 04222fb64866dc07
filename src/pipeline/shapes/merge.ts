import polygonClipping from 'polygon-clipping'
import { type Pieces, piecesOf, type Ring, type Shape, type SimpleShape, together, vertexCount } from './shape.ts'

/** What is left of the work that may be done; below 0 it was too much. */
export interface MergeBudget {
  vertices: number
  /** Pairs of edges that may cross: far more of them than of vertices can come out of a few long stripes. */
  crossings: number
  comparisons: number
}

export function isSpent({ vertices, crossings, comparisons }: MergeBudget): boolean {
  return Math.min(vertices, crossings, comparisons) < 0
}

/**
 * One shape of several: polygons become one area without inner borders; of lines and of points, which stay as they are, each is there
 * once. Different kinds are a collection of points, lines and areas. Undefined without any, and when the budget is spent.
 */
export function mergeShapes(shapes: readonly Shape[], budget: MergeBudget): Shape | undefined {
  const [only, ...others] = shapes
  if (only === undefined || others.length === 0) return only
  const pieces = together(shapes.map(piecesOf))
  const { points, lines, polygons } = pieces
  budget.vertices -= vertexCount(pieces)
  if (budget.vertices >= 0) spendCrossings(polygons, budget)
  if (isSpent(budget)) return undefined
  const parts = partsOf({ points: distinct(points), lines: distinct(lines), polygons: mergePolygons(polygons) })
  return parts.length > 1 ? { type: 'GeometryCollection', geometries: parts } : parts[0]
}

function partsOf({ points, lines, polygons }: Pieces): SimpleShape[] {
  const parts: SimpleShape[] = []
  const [point, line, polygon] = [points[0], lines[0], polygons[0]]
  if (point) {
    const one = points.length === 1
    parts.push(one ? { type: 'Point', coordinates: point } : { type: 'MultiPoint', coordinates: [...points] })
  }
  if (line) {
    const one = lines.length === 1
    parts.push(one ? { type: 'LineString', coordinates: line } : { type: 'MultiLineString', coordinates: [...lines] })
  }
  if (polygon) {
    const one = polygons.length === 1
    parts.push(one ? { type: 'Polygon', coordinates: polygon } : { type: 'MultiPolygon', coordinates: [...polygons] })
  }
  return parts
}

function mergePolygons(polygons: readonly Ring[][]): Ring[][] {
  const [first, ...others] = polygons
  if (first === undefined || others.length === 0) return [...polygons]
  try {
    return polygonClipping.union(first, ...others)
  } catch {
    // Borders that almost touch can be too much for the library. The areas are right without the union as well.
    return [...polygons]
  }
}

function distinct<T>(items: readonly T[]): T[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()]
}

type Box = readonly [left: number, right: number, bottom: number, top: number]

/** Counts the pairs of edges whose boxes overlap, from left to right. */
function spendCrossings(polygons: readonly Ring[][], budget: MergeBudget): void {
  const boxes = polygons
    .flat()
    .flatMap(boxesOf)
    .sort((a, b) => a[0] - b[0])
  let active: Box[] = []
  for (const box of boxes) {
    budget.comparisons -= active.length
    active = active.filter(([, right]) => right > box[0])
    for (const other of active) if (overlap(box, other)) budget.crossings--
    if (isSpent(budget)) return
    active.push(box)
  }
}

function boxesOf(ring: Ring): Box[] {
  return ring.slice(1).map(([x, y], index): Box => {
    const [fromX, fromY] = ring[index] ?? [x, y]
    return [Math.min(x, fromX), Math.max(x, fromX), Math.min(y, fromY), Math.max(y, fromY)]
  })
}

function overlap(a: Box, b: Box): boolean {
  return a[0] < b[1] && b[0] < a[1] && a[2] < b[3] && b[2] < a[3]
}
