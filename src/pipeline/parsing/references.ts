import { isObject } from '../../base/index.ts'
import type { Level } from './level.ts'
import { pointer } from './pointer.ts'

/** Saved queries that lead to one another: more are no chain that somebody follows. */
const maxChain = 50

export interface Resolved {
  /** What was sent, or what its reference stands for: all the way, for a reference to a reference. */
  readonly steps: unknown
  /** For each of the steps: the saved queries that it stands in. What follows a reference stands where the reference does. */
  readonly within: readonly (readonly string[])[]
  /** The reference leads nowhere, which has been said. */
  readonly isLost?: true
}

/** A pipeline for a reference that stands in its place. */
export function resolve(raw: unknown, level: Level): Resolved {
  if (!isReference(raw)) return resolveFirst(raw, level)
  const { reader, place, within } = level
  const lost = (message: string): Resolved => {
    reader.errors.push({ path: place, message })
    return { steps: [], within: [], isLost: true }
  }
  if (typeof raw.uid !== 'string') return lost('A reference names the uid of a query.')
  if (within.includes(raw.uid)) {
    return lost(`The queries refer to each other in a circle: ${[...within, raw.uid].join(' → ')}.`)
  }
  if (within.length >= maxChain) return lost(`Queries refer to one another at most ${maxChain} times in a row.`)
  const found = reader.reference?.(raw.uid)
  if (found === undefined) return lost(`There is no query "${raw.uid}" to refer to.`)
  return resolve(found, { ...level, within: [...within, raw.uid] })
}

/** A pipeline whose domain step reads a reference continues what the reference stands for. */
export function resolveFirst(raw: unknown, level: Level): Resolved {
  if (!Array.isArray(raw)) return { steps: raw, within: [level.within] }
  const own = raw.map(() => level.within)
  const first: unknown = raw[0]
  if (!isObject(first) || first.name !== 'domain' || !isReference(first.domain)) return { steps: raw, within: own }
  const resolved = resolve(first.domain, { ...level, place: pointer(level.place, [0, 'domain']) })
  const { steps, within, isLost } = resolved
  if (isLost) return resolved
  const before = typeof steps === 'string' ? [{ name: 'domain', domain: steps }] : steps
  if (!Array.isArray(before)) return resolved
  return { steps: [...before, ...raw.slice(1)], within: [...within, ...own.slice(1)] }
}

function isReference(value: unknown): value is { readonly type: 'ref'; readonly uid?: unknown } {
  return isObject(value) && value.type === 'ref'
}
