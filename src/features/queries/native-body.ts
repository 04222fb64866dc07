import { z } from 'zod'
import { isObject, type JsonObject, Problem } from '../../base/index.ts'

/** A list of stages, or what `$match` takes: as the older clients send them, with the domain among the things to match. */
export const nativeBody = z.union([
  z.array(z.record(z.string(), z.json())),
  z.looseObject({ domain: z.string().min(1), pipeline: z.never().optional() }),
])

/**
 * A native query as a pipeline: its domain, and a step that runs the rest over what may be seen of it. Errors: `invalid_request` without a
 * domain in the first place.
 */
export function nativePipeline(body: z.output<typeof nativeBody>): { domain: string; pipeline: unknown[] } {
  if (!Array.isArray(body)) {
    const { domain, ...match } = body
    const stages = Object.keys(match).length > 0 ? [{ $match: match }] : []
    return { domain, pipeline: stepsOf(stages) }
  }
  const [first, ...rest] = body
  const match = first?.$match
  if (!isObject(match) || typeof match.domain !== 'string') {
    const message = 'The first stage is a $match that names the domain: {"$match": {"domain": "…"}}.'
    throw new Problem('invalid_request', message, { errors: [{ path: '/0/$match/domain', message }] })
  }
  const { domain, ...others } = match
  const stages = Object.keys(others).length > 0 ? [{ $match: others } as JsonObject, ...rest] : rest
  return { domain: String(domain), pipeline: stepsOf(stages) }
}

function stepsOf(stages: readonly unknown[]): unknown[] {
  return stages.length > 0 ? [{ name: 'custom', query: stages }] : []
}
