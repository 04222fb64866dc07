import { isObject, type Json, type JsonObject } from '../../src/base/index.ts'

/** The fields of a step as a table of Markdown, from its JSON Schema; the fields of objects inside it come as `list[].field`. */
export function fieldTable(schema: JsonObject): string {
  const rows = rowsOf(schema, '').filter(({ path }) => path !== 'name')
  return [
    '| Field | Takes | Required | Default |',
    '|---|---|---|---|',
    ...rows.map(({ path, takes, required, standard }) => {
      const snake = snakeCase(path)
      const spellings = snake === path ? `\`${path}\`` : `\`${path}\`<br>\`${snake}\``
      return `| ${spellings} | ${takes} | ${required ? 'yes' : 'no'} | ${standard} |`
    }),
  ].join('\n')
}

interface FieldRow {
  readonly path: string
  readonly takes: string
  readonly required: boolean
  readonly standard: string
}

function rowsOf({ properties, required }: JsonObject, prefix: string): FieldRow[] {
  const needed = Array.isArray(required) ? required : []
  return Object.entries(objectOf(properties)).flatMap(([name, raw]) => {
    const given = objectOf(raw)
    const schema = withoutNull(given)
    const row = {
      path: prefix + name,
      takes: takesOf(schema),
      required: needed.includes(name),
      standard: given.default === undefined ? '' : `\`${JSON.stringify(given.default)}\``,
    }
    const item = objectOf(schema.items)
    return item.type === 'object' ? [row, ...rowsOf(item, `${row.path}[].`)] : [row]
  })
}

/** What is optional may be null as well, which says nothing about what it takes. */
function withoutNull(schema: JsonObject): JsonObject {
  const { anyOf, type, ...rest } = schema
  if (Array.isArray(anyOf)) {
    const others = anyOf.map(objectOf).filter((each) => each.type !== 'null' && Object.keys(each).length > 0)
    const [only = {}] = others
    return others.length === 1 ? { ...rest, ...only } : { ...rest, anyOf: others }
  }
  if (!Array.isArray(type)) return schema
  const types = type.filter((each) => each !== 'null')
  const [only = 'null'] = types
  return types.length === 1 ? { ...rest, type: only } : { ...rest, type: types }
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'number',
  boolean: '`true` or `false`',
  object: 'object',
}

function takesOf(schema: JsonObject): string {
  const { $ref, anyOf, enum: values, type } = schema
  if (typeof $ref === 'string') return reference($ref)
  if (Array.isArray(values)) return values.map((value) => `\`${value}\``).join(', ')
  if (Array.isArray(anyOf)) return anyOf.map((each) => takesOf(objectOf(each))).join(' or ')
  if (Array.isArray(type)) return type.map((each) => typeNames[String(each)] ?? each).join(' or ')
  if (type === 'array') return listOf(schema)
  if (type === 'integer') return wholeNumber(schema)
  return typeNames[String(type)] ?? 'any value'
}

function reference(ref: string): string {
  if (ref.endsWith('/branch')) return 'formula, or an object of another `if`, `then` and `else`'
  return ref.endsWith('/condition') ? '[condition](index.md#conditions)' : '[pipeline](index.md#pipelines-in-steps)'
}

function listOf({ items, prefixItems, minItems, maxItems }: JsonObject): string {
  if (Array.isArray(prefixItems)) {
    const parts = prefixItems.map((each) => takesOf(withoutNull(objectOf(each))))
    return `[${parts.map((part, at) => (at >= Number(minItems) ? `${part}, which may be left out` : part)).join(', ')}]`
  }
  const least = typeof minItems === 'number' ? `at least ${minItems}` : ''
  const most = typeof maxItems === 'number' ? `at most ${maxItems}` : ''
  const bounds = [least, most].filter((bound) => bound !== '').join(', ')
  return `list of: ${takesOf(objectOf(items))}${bounds === '' ? '' : ` (${bounds})`}`
}

function wholeNumber({ minimum }: JsonObject): string {
  return typeof minimum === 'number' && minimum >= 0 ? `whole number from ${minimum}` : 'whole number'
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

function objectOf(value: Json | undefined): JsonObject {
  return value !== undefined && isObject(value) ? (value as JsonObject) : {}
}
