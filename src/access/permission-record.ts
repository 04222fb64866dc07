import { z } from 'zod'
import { isObject, type JsonObject, newId, Problem, type ProblemItem } from '../base/index.ts'
import { parseCondition } from '../pipeline/index.ts'

export const scopes = ['DEFAULT', 'ALL_USERS', 'USER_GROUP'] as const
export const effects = ['SEE_ALL', 'SEE_NOTHING', 'CUSTOM'] as const

/**
 * One rule about the rows of a domain. `group` exactly when the scope is USER_GROUP, `condition` exactly when the effect is CUSTOM.
 * The condition is kept as it was written, templates included: it is parsed and rendered for each principal.
 */
export interface PermissionRecord {
  readonly id: string
  readonly domain: string
  readonly scope: (typeof scopes)[number]
  readonly group: string | null
  readonly effect: (typeof effects)[number]
  readonly condition: JsonObject | null
  /** Columns that whom the record is about does not get: gone, or with a constant in place of every value. */
  readonly columns?: RecordColumns | null
}

export interface RecordColumns {
  readonly hide: readonly string[]
  readonly mask: { readonly [column: string]: string | number | boolean | null }
}

const recordColumns = z
  .strictObject({
    hide: z.array(z.string().min(1)).max(1000).default([]),
    mask: z.record(z.string().min(1), z.union([z.string(), z.number(), z.boolean(), z.null()])).default({}),
  })
  .check(({ value: { hide, mask }, issues }) => {
    for (const column of hide.filter((name) => Object.hasOwn(mask, name))) {
      issues.push({ code: 'custom', path: ['mask', column], message: 'A hidden column has no mask.', input: null })
    }
  })

const recordSchema = z
  .strictObject({
    id: z
      .string()
      .regex(/^[\w-]{1,64}$/, 'An id has 1 to 64 letters, digits, dashes or underscores.')
      .optional(),
    domain: z.string().optional(),
    scope: z.enum(scopes),
    group: z.string().min(1).nullish(),
    effect: z.enum(effects),
    condition: z.unknown().optional(),
    columns: recordColumns.nullish(),
  })
  .check(({ value: { scope, group, effect, condition }, issues }) => {
    const wrong = (field: string, message: string) =>
      issues.push({ code: 'custom', path: [field], message, input: null })
    const grouped = scope === 'USER_GROUP'
    if (grouped !== (group != null)) {
      wrong('group', grouped ? 'The scope USER_GROUP needs a group.' : 'Only the scope USER_GROUP takes a group.')
    }
    const custom = effect === 'CUSTOM'
    if (custom !== (condition != null)) {
      wrong('condition', custom ? 'The effect CUSTOM needs a condition.' : 'Only the effect CUSTOM takes a condition.')
    }
  })

/**
 * Reads the records of one domain as a builder sent them. Every mistake is listed with its path before anything is refused.
 * Errors: `permission_invalid`.
 */
export function parsePermissionRecords(domain: string, raw: unknown, now: number): PermissionRecord[] {
  if (!Array.isArray(raw)) throw invalid([{ path: '', message: 'Send a list of records.' }])
  if (raw.length > 1000) throw invalid([{ path: '', message: 'A domain takes at most 1000 records.' }])
  const errors: ProblemItem[] = []
  const records: PermissionRecord[] = []
  for (const [index, item] of raw.entries()) {
    const read = readRecord(domain, item, `/${index}`)
    if ('errors' in read) errors.push(...read.errors)
    else records.push({ ...read.record, id: read.record.id || newId(now) })
  }
  checkUnique(records, errors)
  if (errors.length > 0) throw invalid(errors)
  return records
}

function readRecord(
  domain: string,
  raw: unknown,
  at: string,
): { record: PermissionRecord } | { errors: readonly ProblemItem[] } {
  const parsed = recordSchema.safeParse(raw)
  const condition = isObject(raw) && raw.condition != null ? conditionProblems(raw.condition, `${at}/condition`) : []
  const issues = parsed.success ? [] : parsed.error.issues
  const errors = issues.map(({ path, message }) => ({ path: [at, ...path].join('/'), message }))
  if (parsed.success && (parsed.data.domain ?? domain) !== domain) {
    errors.push({ path: `${at}/domain`, message: `This record is about another domain than "${domain}".` })
  }
  if (!parsed.success || errors.length + condition.length > 0) return { errors: [...errors, ...condition] }
  const { id = '', scope, group, effect, columns } = parsed.data
  return {
    record: {
      id,
      domain,
      scope,
      group: group ?? null,
      effect,
      condition: (parsed.data.condition ?? null) as JsonObject | null,
      ...(columns ? { columns } : {}),
    },
  }
}

function conditionProblems(condition: unknown, at: string): readonly ProblemItem[] {
  const parsed = parseCondition(condition, { at, grammar: 'permission' })
  return 'errors' in parsed ? parsed.errors : []
}

function checkUnique(records: readonly PermissionRecord[], errors: ProblemItem[]): void {
  const seen = new Set<string>()
  const ids = new Set<string>()
  for (const [index, record] of records.entries()) {
    const key = record.scope === 'USER_GROUP' ? `group "${record.group}"` : record.scope
    if (seen.has(key))
      errors.push({ path: `/${index}/scope`, message: `There is already a record for ${key} on this domain.` })
    if (ids.has(record.id)) errors.push({ path: `/${index}/id`, message: `The id "${record.id}" is used twice.` })
    seen.add(key)
    ids.add(record.id)
  }
}

function invalid(errors: readonly ProblemItem[]): Problem {
  const first = errors[0]
  return new Problem('permission_invalid', first ? first.message : 'The permission records are not valid.', { errors })
}
