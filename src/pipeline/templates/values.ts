import type { Value } from '../values.ts'

/** What a variable can be and what a template can give: JSON, with dates as instants. */
export type TemplateValue = Value | readonly TemplateValue[] | { readonly [key: string]: TemplateValue }

export interface TemplateVariables {
  readonly [name: string]: TemplateValue
}

/** A value of the library: its classes are not exported, so they are told apart by the name of their type. */
export interface RuntimeValue {
  readonly type: string
  readonly value?: unknown
}

/** Names that mean something in Jinja; a variable cannot take them. */
export const constants: { readonly [name: string]: boolean | null } = {
  true: true,
  false: false,
  none: null,
  True: true,
  False: false,
  None: null,
}

/** Ends the text of a date while the library has it, which knows no dates: `TODAY[:10]` still is what it says. */
const dateMark = '\u0000\u0000date'

/** A copy that the library can take: it would make an empty object of a date. */
export function toLibrary(value: TemplateValue): unknown {
  if (value instanceof Date) return value.toISOString() + dateMark
  if (typeof value === 'bigint') return value.toString()
  if (Array.isArray(value)) return value.map(toLibrary)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, toLibrary(member)]))
}

/** Undefined for what is not a value: something undefined, or a function. */
export function fromLibrary(result: RuntimeValue): TemplateValue | undefined {
  const { type, value } = result
  switch (type) {
    case 'NullValue':
      return null
    case 'BooleanValue':
    case 'IntegerValue':
    case 'FloatValue':
      return typeof value === 'number' || typeof value === 'boolean' ? value : undefined
    case 'StringValue':
      return typeof value === 'string' ? textOrDate(value) : undefined
    case 'ArrayValue':
    case 'TupleValue':
      return Array.isArray(value) ? listFrom(value) : undefined
    case 'ObjectValue':
      return value instanceof Map ? objectFrom(value) : undefined
    default:
      return undefined
  }
}

/** The text with its dates as ISO 8601. */
export function plainText(text: string): string {
  return text.replaceAll(dateMark, '')
}

function textOrDate(text: string): string | Date {
  const plain = plainText(text)
  if (!text.endsWith(dateMark)) return plain
  const date = new Date(plain)
  return Number.isNaN(date.getTime()) || date.toISOString() !== plain ? plain : date
}

/** A list with an undefined item is not a value: dropping the item would make `nin` wider. */
function listFrom(items: readonly RuntimeValue[]): TemplateValue | undefined {
  const list = items.map(fromLibrary).filter((item) => item !== undefined)
  return list.length === items.length ? list : undefined
}

function objectFrom(members: ReadonlyMap<string, RuntimeValue>): TemplateValue | undefined {
  const entries = [...members].map(([key, member]) => [key, fromLibrary(member)] as const)
  if (entries.some(([, member]) => member === undefined)) return undefined
  return Object.fromEntries(entries.map(([key, member]) => [key, member ?? null]))
}
