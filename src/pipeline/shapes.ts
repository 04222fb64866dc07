import { isSpent, type MergeBudget, mergeShapes } from './shapes/merge.ts'
import { piecesOf, readShape, type Shape, vertexCount } from './shapes/shape.ts'
import { simplifyShapes } from './shapes/simplify.ts'
import { stepProblem } from './steps/columns.ts'
import type { DissolveStep } from './steps/dissolve.ts'
import { groupingsOf, type HierarchyStep } from './steps/hierarchy.ts'
import { groupsOfShapes } from './steps/shapes.ts'
import type { SimplifyStep } from './steps/simplify.ts'

export type ShapeStep = DissolveStep | HierarchyStep | SimplifyStep

/** Work on shapes blocks the process, so that a step takes at most so many, … */
export const maxShapes = 10_000
/** … with so many vertices together. */
const maxVertices = 50_000

export function isShapeStep(value: object): value is ShapeStep {
  if (!('name' in value)) return false
  const { name } = value
  return (
    (name === 'dissolve' && 'groups' in value) ||
    (name === 'hierarchy' && 'hierarchy' in value) ||
    (name === 'simplify' && 'tolerance' in value)
  )
}

/**
 * The step with its shapes made from the texts that it asked for. What is no shape counts as none. Errors: `pipeline_invalid` for more
 * than is sensible to work on.
 */
export function withShapes(step: ShapeStep, texts: readonly string[]): ShapeStep {
  if (texts.length > maxShapes) throw tooMuch(step, `more than ${maxShapes} rows with shapes`)
  const read = createReader(step)
  if (step.name === 'simplify') return { ...step, shapes: [simplified(step, texts.map(read))] }
  const groupings = step.name === 'dissolve' ? 1 : groupingsOf(step).length
  // The union of a shape is needed on every level above it, but read once.
  const known = new Map<string, Shape | undefined>()
  const readOnce = (text: string): Shape | undefined => {
    if (!known.has(text)) known.set(text, read(text))
    return known.get(text)
  }
  const budget: MergeBudget = { vertices: 2 * maxVertices, crossings: 50_000, comparisons: 20_000_000 }
  const shapes = groupsOfShapes(texts, groupings).map((groups) =>
    Array.from(groups, (group = []) => {
      const merged = mergeShapes(
        group.map(readOnce).filter((shape) => shape !== undefined),
        budget,
      )
      if (isSpent(budget)) throw tooMuch(step, 'areas that cross too often, or on too many levels')
      return merged ? JSON.stringify(merged) : null
    }),
  )
  return { ...step, shapes }
}

function simplified(step: SimplifyStep, shapes: readonly (Shape | undefined)[]): (string | null)[] {
  const simpler = simplifyShapes(
    shapes.filter((shape) => shape !== undefined),
    step.tolerance,
  )
  if (!simpler) throw tooMuch(step, 'borders that take too long')
  const rest = simpler.values()
  return shapes.map((shape) => (shape ? JSON.stringify(rest.next().value) : null))
}

/** Reads shapes until there are too many vertices. */
function createReader(step: ShapeStep): (text: string) => Shape | undefined {
  let vertices = 0
  return (text) => {
    const shape = readShape(text)
    if (shape) vertices += vertexCount(piecesOf(shape))
    if (vertices > maxVertices) throw tooMuch(step, `more than ${maxVertices} vertices`)
    return shape
  }
}

function tooMuch(step: ShapeStep, what: string) {
  return stepProblem(step, `the shapes are too much to work on: ${what}.`)
}
