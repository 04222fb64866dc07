import * as z from 'zod'

const position = z
  .array(z.number())
  .min(2)
  .transform(([x = 0, y = 0]): Position => [x, y])
const line = z.array(position).min(2)
const ring = z.array(position).min(4)
const polygon = z.array(ring).min(1)

const simple = [
  z.object({ type: z.literal('Point'), coordinates: position }),
  z.object({ type: z.literal('MultiPoint'), coordinates: z.array(position) }),
  z.object({ type: z.literal('LineString'), coordinates: line }),
  z.object({ type: z.literal('MultiLineString'), coordinates: z.array(line) }),
  z.object({ type: z.literal('Polygon'), coordinates: polygon }),
  z.object({ type: z.literal('MultiPolygon'), coordinates: z.array(polygon) }),
] as const

const shape = z.discriminatedUnion('type', [
  ...simple,
  // RFC 7946 advises against collections in collections.
  z.object({ type: z.literal('GeometryCollection'), geometries: z.array(z.discriminatedUnion('type', simple)) }),
])

/** East and north. A height is dropped. */
export type Position = [x: number, y: number]
export type Ring = Position[]

/** A geometry of GeoJSON. */
export type Shape = z.output<typeof shape>

export type SimpleShape = Exclude<Shape, { type: 'GeometryCollection' }>

/** A shape by what it is made of. */
export interface Pieces {
  readonly points: readonly Position[]
  readonly lines: readonly Position[][]
  readonly polygons: readonly Ring[][]
}

/** The geometry that a text holds; undefined for any other text. */
export function readShape(text: string): Shape | undefined {
  try {
    return shape.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

export function piecesOf(given: Shape): Pieces {
  const none: Pieces = { points: [], lines: [], polygons: [] }
  switch (given.type) {
    case 'Point':
      return { ...none, points: [given.coordinates] }
    case 'MultiPoint':
      return { ...none, points: given.coordinates }
    case 'LineString':
      return { ...none, lines: [given.coordinates] }
    case 'MultiLineString':
      return { ...none, lines: given.coordinates }
    case 'Polygon':
      return { ...none, polygons: [given.coordinates] }
    case 'MultiPolygon':
      return { ...none, polygons: given.coordinates }
    case 'GeometryCollection':
      return together(given.geometries.map(piecesOf))
  }
}

export function together(all: readonly Pieces[]): Pieces {
  return {
    points: all.flatMap(({ points }) => points),
    lines: all.flatMap(({ lines }) => lines),
    polygons: all.flatMap(({ polygons }) => polygons),
  }
}

export function vertexCount({ points, lines, polygons }: Pieces): number {
  return [...lines, ...polygons.flat()].reduce((count, { length }) => count + length, points.length)
}

/** The shape with other lines and polygons, one for each that it has. */
export function withPieces(given: Shape, { lines, polygons }: Omit<Pieces, 'points'>): Shape {
  const [line = [], polygon = []] = [lines[0], polygons[0]]
  switch (given.type) {
    case 'LineString':
      return { ...given, coordinates: line }
    case 'MultiLineString':
      return { ...given, coordinates: [...lines] }
    case 'Polygon':
      return { ...given, coordinates: polygon }
    case 'MultiPolygon':
      return { ...given, coordinates: [...polygons] }
    case 'GeometryCollection':
      return { ...given, geometries: withMembers(given.geometries, { lines, polygons }) }
    default:
      return given
  }
}

function withMembers(members: readonly SimpleShape[], pieces: Omit<Pieces, 'points'>): SimpleShape[] {
  const [lines, polygons] = [[...pieces.lines], [...pieces.polygons]]
  return members.map((member) => {
    const own = piecesOf(member)
    const taken = { lines: lines.splice(0, own.lines.length), polygons: polygons.splice(0, own.polygons.length) }
    return withPieces(member, taken) as SimpleShape
  })
}
