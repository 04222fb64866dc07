import * as z from 'zod'
import { isObject, nearestNames } from '../../base/index.ts'

/** Other names of a field. A `list` alias holds one item where the field holds a list of them. */
export type Aliases = Readonly<Record<string, string | { readonly list: string }>>

interface Spelled {
  readonly fields: Record<string, unknown>
  /** The name that the client used, by the name of the field. */
  readonly spelling: ReadonlyMap<string, string>
  readonly issues: readonly { readonly key: string; readonly message: string; readonly nearest?: readonly string[] }[]
}

/**
 * An object of a step, at any level: fields in camelCase or snake_case or under an older name, unknown ones refused, all mistakes
 * listed. Paths in issues use the names that the client wrote.
 */
export function record<S extends z.ZodRawShape>(shape: S, aliases: Aliases = {}) {
  const inner = z.strictObject(shape)
  const names = Object.keys(shape)
  const read = z.unknown().transform((raw, context): z.output<typeof inner> => {
    if (!isObject(raw)) {
      context.issues.push({ code: 'custom', message: 'This should be an object.', input: raw })
      return z.NEVER
    }
    const { fields, spelling, issues } = spell(raw, names, aliases)
    for (const { key, ...params } of issues) {
      context.issues.push({
        code: 'custom',
        message: params.message,
        path: [key],
        params: { ...params, structural: true },
        input: raw[key],
      })
    }
    const result = inner.safeParse(fields, { error: requiredMessage })
    if (result.success) return result.data
    for (const { path, ...issue } of result.error.issues) {
      const [first, ...rest] = path
      const path2 = first === undefined ? [] : [spelling.get(String(first)) ?? first, ...rest]
      context.issues.push({ ...issue, code: 'custom', path: path2, input: undefined, params: paramsOf(issue) })
    }
    return z.NEVER
  })
  // For `step-schemas.ts`: the transform hides the shape from whoever asks for a JSON Schema.
  return read.meta({ shapeOf: inner })
}

/** What else an issue tells, such as a position; kept when an issue passes through another record. */
export function paramsOf(issue: object): Record<string, unknown> {
  return 'params' in issue && isObject(issue.params) ? issue.params : {}
}

/** `new_column` and `newColumn` alike. */
export function camelCase(name: string): string {
  return name.replace(/_+([a-z\d])/gi, (_, letter: string) => letter.toUpperCase())
}

function requiredMessage(issue: { readonly input: unknown }): string | undefined {
  return issue.input === undefined ? 'This field is required.' : undefined
}

function spell(raw: Record<string, unknown>, names: readonly string[], aliases: Aliases): Spelled {
  const fields: Record<string, unknown> = {}
  const spelling = new Map<string, string>()
  const issues: Spelled['issues'][number][] = []
  for (const [key, value] of Object.entries(raw)) {
    const known = fieldOf(key, names, aliases)
    if (!known) {
      const nearest = nearestNames(camelCase(key), names)
      issues.push({ key, message: `Unknown field "${key}".`, ...(nearest.length > 0 ? { nearest } : {}) })
    } else if (spelling.has(known.name)) {
      issues.push({ key, message: `This field is already given as "${spelling.get(known.name)}".` })
    } else {
      spelling.set(known.name, key)
      fields[known.name] = known.list && !Array.isArray(value) ? [value] : value
    }
  }
  return { fields, spelling, issues }
}

function fieldOf(key: string, names: readonly string[], aliases: Aliases): { name: string; list: boolean } | undefined {
  if (names.includes(key)) return { name: key, list: false }
  const alias = Object.hasOwn(aliases, key)
    ? aliases[key]
    : Object.hasOwn(aliases, camelCase(key))
      ? aliases[camelCase(key)]
      : undefined
  if (typeof alias === 'string') return { name: alias, list: false }
  if (alias) return { name: alias.list, list: true }
  const name = camelCase(key)
  return names.includes(name) ? { name, list: false } : undefined
}
