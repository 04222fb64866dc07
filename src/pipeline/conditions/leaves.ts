import { isObject, isProblem } from '../../base/index.ts'
import type { Condition, ConditionLeaf, RelativeDate } from '../condition.ts'
import { compileTemplate, isTemplate } from '../templates/template.ts'
import type { Value } from '../values.ts'
import { parseIsoDate } from './dates.ts'
import { type Place, suggestions } from './issues.ts'
import { patternProblem } from './patterns.ts'

type Operator = ConditionLeaf['operator']

/** How the value of each operator is read. */
const readers: { readonly [O in Operator]: (column: string, raw: unknown, place: Place) => Condition | undefined } = {
  eq: comparison('eq'),
  ne: comparison('ne'),
  lt: comparison('lt'),
  le: comparison('le'),
  gt: comparison('gt'),
  ge: comparison('ge'),
  in: membership('in'),
  nin: membership('nin'),
  matches: search('matches'),
  notmatches: search('notmatches'),
  isnull: (column) => ({ column, operator: 'isnull' }),
  notnull: (column) => ({ column, operator: 'notnull' }),
  from: dateBound('from'),
  until: dateBound('until'),
}

const operators = Object.keys(readers)
const keys = ['column', 'operator', 'value']

export function readLeaf(raw: Record<string, unknown>, place: Place): Condition | undefined {
  const { path, issues } = place
  for (const key of Object.keys(raw)) {
    if (!keys.includes(key))
      issues.push({ path: [...path, key], message: `Unknown field "${key}".`, ...suggestions(key, keys) })
  }
  const column = raw.column
  if (typeof column !== 'string') issues.push({ path: [...path, 'column'], message: 'Name a column.' })
  const operator = operatorOf(raw.operator, place)
  if (operator === undefined) return undefined
  const needsValue = operator !== 'isnull' && operator !== 'notnull'
  if (needsValue && (!Object.hasOwn(raw, 'value') || raw.value === undefined)) {
    issues.push({ path: [...path, 'value'], message: `"${operator}" needs a value.` })
    return undefined
  }
  return readers[operator](typeof column === 'string' ? column : '', raw.value, { ...place, path: [...path, 'value'] })
}

function operatorOf(raw: unknown, { path, issues, grammar }: Place): Operator | undefined {
  const here = [...path, 'operator']
  if (typeof raw !== 'string') {
    issues.push({ path: here, message: 'Give an operator, such as "eq" or "in".' })
    return undefined
  }
  if (!isOperator(raw)) {
    issues.push({ path: here, message: `Unknown operator "${raw}".`, ...suggestions(raw, operators) })
    return undefined
  }
  if (grammar === 'permission' && (raw === 'from' || raw === 'until')) {
    issues.push({ path: here, message: `"${raw}" works in the filter step only.` })
    return undefined
  }
  return raw
}

function isOperator(name: string): name is Operator {
  return Object.hasOwn(readers, name)
}

function comparison(operator: 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge') {
  return (column: string, raw: unknown, place: Place): Condition | undefined => {
    const value = scalar(raw, place)
    return value === undefined ? undefined : { column, operator, value }
  }
}

function membership(operator: 'in' | 'nin') {
  return (column: string, raw: unknown, place: Place): Condition | undefined => {
    const { grammar, issues, path } = place
    const list = grammar === 'permission' && typeof raw === 'string' && isTemplate(raw) ? [raw] : raw
    if (!Array.isArray(list)) {
      const hint = grammar === 'permission' ? ' or one template that gives a list' : ''
      issues.push({ path, message: `"${operator}" takes a list of values${hint}.` })
      return undefined
    }
    const alone = list !== raw
    const value = list.map((item, index) => scalar(item, alone ? place : { ...place, path: [...path, index] }))
    return { column, operator, value: value.filter((item) => item !== undefined) }
  }
}

function search(operator: 'matches' | 'notmatches') {
  return (column: string, raw: unknown, place: Place): Condition | undefined => {
    const { grammar, issues, path } = place
    if (typeof raw !== 'string' && typeof raw !== 'number' && typeof raw !== 'bigint') {
      issues.push({ path, message: `"${operator}" takes a regular expression.` })
      return undefined
    }
    const value = String(raw)
    if (grammar === 'permission' && isTemplate(value)) checkTemplate(value, place)
    else {
      const problem = patternProblem(value)
      if (problem) issues.push({ path, ...problem })
    }
    return { column, operator, value }
  }
}

function dateBound(operator: 'from' | 'until') {
  return (column: string, raw: unknown, place: Place): Condition | undefined => {
    const value = isObject(raw) ? relativeDate(raw, place) : dateValue(raw, place)
    return value === undefined ? undefined : { column, operator, value }
  }
}

/** One constant; undefined after a mistake. In a permission, a text may be a template over the user. */
function scalar(raw: unknown, place: Place): Value | undefined {
  const { grammar, issues, path } = place
  if (typeof raw === 'number' && !Number.isFinite(raw)) {
    issues.push({ path, message: 'This number is not finite.' })
    return undefined
  }
  if (typeof raw === 'string') {
    if (grammar === 'permission' && isTemplate(raw)) checkTemplate(raw, place)
    return raw
  }
  if (raw === null || typeof raw === 'number' || typeof raw === 'boolean' || typeof raw === 'bigint') return raw
  if (raw instanceof Date && !Number.isNaN(raw.getTime())) return raw
  issues.push({ path, message: 'A value is a text, a number, true, false, null or a date.' })
  return undefined
}

function checkTemplate(text: string, { issues, path }: Place): void {
  try {
    compileTemplate(text, { expressionsOnly: true })
  } catch (error) {
    if (!isProblem(error)) throw error
    const position = error.errors[0]?.position
    issues.push({ path, message: error.message, ...(position === undefined ? {} : { position }) })
  }
}

function dateValue(raw: unknown, { issues, path }: Place): Date | undefined {
  const date = raw instanceof Date ? raw : typeof raw === 'string' ? parseIsoDate(raw) : undefined
  if (date !== undefined && !Number.isNaN(date.getTime())) return date
  issues.push({ path, message: 'This is not a date: write it as 2022-01-31 or 2022-01-31T10:00:00Z.' })
  return undefined
}

const directions = ['from', 'until', 'before', 'after'] as const
const durations = ['year', 'quarter', 'month', 'week', 'day'] as const
const relativeKeys = ['operator', 'quantity', 'duration', 'date']

function relativeDate(raw: Record<string, unknown>, place: Place): RelativeDate | undefined {
  const { issues, path } = place
  const wrong = (key: string, message: string, names?: readonly string[]) =>
    issues.push({ path: [...path, key], message, ...(names ? suggestions(key, names) : {}) })
  for (const key of Object.keys(raw))
    if (!relativeKeys.includes(key)) wrong(key, `Unknown field "${key}".`, relativeKeys)
  const operator = directions.find((name) => name === raw.operator)
  if (!operator) wrong('operator', `The operator of a relative date is one of ${directions.join(', ')}.`)
  const duration = durations.find((name) => name === raw.duration)
  if (!duration) wrong('duration', `The duration is one of ${durations.join(', ')}.`)
  const quantity = wholeNumber(raw.quantity)
  if (quantity === undefined) wrong('quantity', 'The quantity is a whole number.')
  const based = raw.date !== undefined && raw.date !== null
  const date = based ? dateValue(raw.date, { ...place, path: [...path, 'date'] }) : undefined
  if (!operator || !duration || quantity === undefined || (based && !date)) return undefined
  return { operator, quantity: Math.abs(quantity), duration, ...(date ? { date } : {}) }
}

function wholeNumber(raw: unknown): number | undefined {
  const number = typeof raw === 'string' && /^\s*[+-]?\d+\s*$/.test(raw) ? Number(raw) : raw
  return Number.isSafeInteger(number) ? Number(number) : undefined
}
