import * as z from 'zod'
import { isObject } from '../../base/index.ts'
import type { Condition } from '../condition.ts'
import { conditionColumns } from '../conditions/members.ts'
import { type Formula, type FormulaType, formulaColumns } from '../formulas/formula.ts'
import { parseFormula } from '../formulas/parse.ts'
import { formulaType } from '../formulas/types.ts'
import { withValues } from '../mongo/computed.ts'
import { conditionValue } from '../mongo/condition-value.ts'
import { after, hidden, type MongoContext } from '../mongo/context.ts'
import { choose, type Expression, literal, read } from '../mongo/expression.ts'
import { formulaMongo } from '../mongo/formula.ts'
import type { MongoRelation } from '../mongo/relation.ts'
import type { Stage } from '../mongo/stage.ts'
import { widenedValue } from '../mongo/text.ts'
import { paramsOf, record } from '../parsing/record.ts'
import { conditionSql } from '../sql/condition.ts'
import { columnOf, type SqlContext } from '../sql/context.ts'
import { formulaSql } from '../sql/formula.ts'
import { bind, type Sql, sql } from '../sql/fragment.ts'
import { createNamedOperands, type NamedOperands } from '../sql/named-operands.ts'
import type { Relation } from '../sql/relation.ts'
import type { AnyStep } from '../step.ts'
import type { Column, ColumnType } from '../values.ts'
import { findColumns, stepProblem, withColumn } from './columns.ts'
import { withComputed } from './computed.ts'
import { commonType } from './constants.ts'
import { defineStep } from './definition.ts'
import { columnName, conditionField } from './fields.ts'

interface Choice {
  readonly if: Condition
  readonly then: Branch
  readonly else: Branch
}

/** A formula, a date (which no formula can write, but a variable can be), or another choice. */
type Branch = Formula | { readonly kind: 'date'; readonly date: Date } | (Choice & { readonly kind: 'choice' })

const branch = z
  .unknown()
  .transform((raw, context): Branch => {
    if (raw instanceof Date && !Number.isNaN(raw.getTime())) return { kind: 'date', date: raw }
    if (isObject(raw)) {
      const nested = choice.safeParse(raw)
      if (nested.success) return { kind: 'choice', ...nested.data }
      for (const issue of nested.error.issues) {
        context.issues.push({ ...issue, code: 'custom', params: paramsOf(issue), input: raw })
      }
      return z.NEVER
    }
    const read = readFormula(raw)
    if ('formula' in read) return read.formula
    const { message, position } = read
    context.issues.push({
      code: 'custom',
      message,
      ...(position === undefined ? {} : { params: { position } }),
      input: raw,
    })
    return z.NEVER
  })
  .meta({ $ref: '#/$defs/branch' })

// biome-ignore lint/suspicious/noThenProperty: clients call the field so, and what stands there is no function.
const choiceFields = { if: conditionField, then: branch, else: branch }
const choice: z.ZodType<Choice> = record(choiceFields)

export const ifthenelse = defineStep({
  name: 'ifthenelse',
  summary: 'Computes a column by one formula where a condition holds and by another where it does not.',
  example: {
    step: {
      newColumn: 'size',
      if: { column: 'sales', operator: 'ge', value: 100 },
      // biome-ignore lint/suspicious/noThenProperty: clients call the field so.
      then: '"large"',
      // biome-ignore lint/suspicious/noThenProperty: likewise.
      else: { if: { column: 'sales', operator: 'isnull' }, then: '"unknown"', else: '"small"' },
    },
    input: {
      columns: { product: 'text', sales: 'integer' },
      rows: [
        ['tea', 120],
        ['coffee', 80],
        ['cocoa', null],
      ],
    },
    output: {
      columns: { product: 'text', sales: 'integer', size: 'text' },
      rows: [
        ['tea', 120, 'large'],
        ['coffee', 80, 'small'],
        ['cocoa', null, 'unknown'],
      ],
    },
  },
  fields: record({ newColumn: columnName, ...choiceFields }),
  columns: (step, input) => withColumn(input, { name: step.newColumn, type: typeIn(step, input) }),
  sql: (step, input, context) => {
    const type = typeIn(step, input.columns)
    const operands = createNamedOperands(context)
    const value = choiceSql(step, { type, input, context, operands })
    return withComputed(operands.over(input), [{ column: { name: step.newColumn, type }, value }], context)
  },
  mongo: (step, input, context) => {
    const type = typeIn(step, input.columns)
    const before: Stage[] = []
    const value = choiceMongo(step, { type, input, context, before, level: 1 })
    return withValues(after(input, ...before), [{ column: { name: step.newColumn, type }, value }], context)
  },
})

type ReadFormula = { readonly formula: Formula } | { readonly message: string; readonly position?: number }

/** Texts are formulas, but one that is a text in JSON is that text, whatever it escapes. */
function readFormula(raw: unknown): ReadFormula {
  if (raw === undefined) return { message: 'This field is required.' }
  if (raw !== null && typeof raw !== 'string' && typeof raw !== 'number' && typeof raw !== 'boolean') {
    return { message: 'This should be a formula, or another {if, then, else}.' }
  }
  const text = String(raw)
  const quoted = jsonText(text)
  if (quoted !== undefined) return { formula: { kind: 'constant', value: quoted, type: 'text', position: 0 } }
  const parsed = parseFormula(text)
  if ('formula' in parsed) return parsed
  const { message, position } = parsed.problem
  return { message: `The formula does not parse: ${message}`, position }
}

function jsonText(text: string): string | undefined {
  if (!/^\s*"/.test(text)) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}

/** A choice between nulls makes a column of texts. */
function typeIn(step: AnyStep & Choice, input: readonly Column[]): ColumnType {
  findColumns(step, [...columnsOf({ kind: 'choice', ...step })], input)
  const types = new Map(input.map(({ name, type }) => [name, type]))
  const type = choiceType(step, step, (name) => types.get(name) ?? 'text')
  return type === 'null' ? 'text' : type
}

function columnsOf(part: Branch): Set<string> {
  if (part.kind === 'date') return new Set()
  if (part.kind !== 'choice') return new Set(formulaColumns(part))
  return new Set([...conditionColumns(part.if), ...columnsOf(part.then), ...columnsOf(part.else)])
}

type TypeOf = (column: string) => ColumnType

function choiceType(step: AnyStep, { then, else: otherwise }: Choice, typeOf: TypeOf): FormulaType {
  const [a, b] = [branchType(step, then, typeOf), branchType(step, otherwise, typeOf)]
  if (a === 'null') return b
  const type = b === 'null' ? a : commonType(a, b)
  if (type !== undefined) return type
  throw stepProblem(step, `"then" gives ${a} and "else" gives ${b}: both should give the same type.`)
}

function branchType(step: AnyStep, part: Branch, typeOf: TypeOf): FormulaType {
  if (part.kind === 'date') return 'date'
  if (part.kind === 'choice') return choiceType(step, part, typeOf)
  const type = formulaType(part, typeOf)
  if (typeof type !== 'string') throw stepProblem(step, type.message, { position: type.position })
  return type
}

interface BranchScope {
  /** Of the whole column: every branch has to give it. */
  readonly type: ColumnType
  readonly input: Relation
  readonly context: SqlContext
  readonly operands: NamedOperands
}

function choiceSql({ if: condition, then, else: otherwise }: Choice, scope: BranchScope): Sql {
  const holds = conditionSql(condition, (name) => columnOf(scope.input, name), scope.context)
  return sql`CASE WHEN ${holds} THEN ${branchSql(then, scope)} ELSE ${branchSql(otherwise, scope)} END`
}

function branchSql(part: Branch, scope: BranchScope): Sql {
  if (part.kind === 'date') return bind(part.date, 'date')
  if (part.kind === 'choice') return choiceSql(part, scope)
  const { type, input, context, operands } = scope
  const own = formulaType(part, (name) => columnOf(input, name).type)
  const given = own === 'integer' ? 'integer' : type
  const value = formulaSql(part, { type: given, columnOf: (name) => columnOf(input, name), context, operands })
  return context.dialect.text.convert(value, given, type)
}

interface MongoScope {
  readonly type: ColumnType
  readonly input: MongoRelation
  readonly context: MongoContext
  /** Stages that compute parts of the choice before the whole: expressions may not nest too deep. */
  readonly before: Stage[]
  readonly level: number
}

const deepest = 8

function choiceMongo({ if: condition, then: first, else: otherwise }: Choice, scope: MongoScope): Expression {
  const { input, context, before, level } = scope
  const holds = conditionValue(condition, (name) => columnOf(input, name), context.now)
  const value = choose(holds, branchMongo(first, scope), branchMongo(otherwise, scope))
  if (level % deepest !== 0) return value
  const field = hidden(context)
  before.push({ $set: { [field.id]: value } })
  return read(field)
}

function branchMongo(part: Branch, scope: MongoScope): Expression {
  if (part.kind === 'date') return literal(part.date, 'date')
  if (part.kind === 'choice') return choiceMongo(part, { ...scope, level: scope.level + 1 })
  const { type, input, context } = scope
  const own = formulaType(part, (name) => columnOf(input, name).type)
  const given = own === 'integer' ? 'integer' : type
  const { value, before } = formulaMongo(part, { type: given, columnOf: (name) => columnOf(input, name), context })
  scope.before.push(...before)
  return widenedValue(value, { from: given, to: type })
}
