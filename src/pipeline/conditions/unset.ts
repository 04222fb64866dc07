import { isObject } from '../../base/index.ts'
import { combinatorOf } from './parse.ts'

/** What clients send for a selector that is not set: the condition on it has to disappear instead of matching nothing. */
export const unset = '__VOID__'

/**
 * A rendered condition as it was sent, without its unset parts; undefined when nothing is left. `isnull` and `notnull` stay, and so
 * does a list that was empty from the beginning. Runs before validation, so anything may stand where a condition should.
 */
export function withoutUnset(raw: unknown): unknown {
  if (!isObject(raw)) return raw
  const key = Object.keys(raw).find((name) => combinatorOf(name, 'filter') !== undefined)
  if (key === undefined) return leafWithoutUnset(raw)
  const members = raw[key]
  if (!Array.isArray(members) || members.length === 0) return raw
  const kept = members.map(withoutUnset).filter((member) => member !== undefined)
  return kept.length === 0 ? undefined : { ...raw, [key]: kept }
}

function leafWithoutUnset(raw: Record<string, unknown>): unknown {
  const { operator, column, value } = raw
  if (operator === 'isnull' || operator === 'notnull') return raw
  if (value === unset) return undefined
  if (operator !== 'in' && operator !== 'nin') return column === unset ? undefined : raw
  if (!Array.isArray(value) || !value.includes(unset)) return raw
  if (value.length === 1) return undefined
  return { ...raw, value: value.filter((item) => item !== unset) }
}
