import type { Json, JsonObject } from '../../src/base/index.ts'
import {
  type ExampleTable,
  maxConditionDepth,
  type StepExample,
  stepExamples,
  stepSchemas,
} from '../../src/pipeline/index.ts'
import { fieldTable } from './field-table.ts'

const steps = stepSchemas().sort((a, b) => (a.name < b.name ? -1 : 1))

/** The pages about steps, by their names in docs/: an index, and one for each step. */
export const stepPages: Readonly<Record<string, () => string>> = {
  'steps/index.md': indexPage,
  ...Object.fromEntries(steps.map((step) => [`steps/${step.name}.md`, () => stepPage(step)])),
}

const introduction = `# Steps

<!-- Made from src/pipeline/steps/ by \`npm run docs\`. Change it there. -->

A pipeline is a list of steps. Each is an object with its \`name\` and its fields; the first is [\`domain\`](domain.md), and every other
step works on the rows that the one before it gives. The same pipeline gives the same rows on every engine.

Each page shows the fields of the step and an example that is run by a test.

- Fields are written in camelCase or in snake_case. A field that a step does not have is an error.
- A field that is not required may be left out, or be null.
- Whole numbers may be written as texts.
- A text that contains \`{{ … }}\` is a template, filled in with variables before the pipeline runs.
- A date is an instant in UTC, in JSON a text in ISO 8601. The tables of the examples leave out a time that is midnight.
- A running server gives the same fields as JSON Schema at \`GET /pipeline/steps\`.
`

const rest = `## Conditions

A condition compares a column: \`{"column": "sales", "operator": "ge", "value": 10}\`. Conditions are combined by
\`{"and": [ … ]}\` and \`{"or": [ … ]}\`, up to ${maxConditionDepth} levels deep; the lists are not empty.

| Operator | Holds where |
|---|---|
| \`eq\`, \`ne\` | the column is equal to the value, or is not; \`ne\` holds for null too |
| \`lt\`, \`le\`, \`gt\`, \`ge\` | the column is less, less or equal, greater, greater or equal; never for null |
| \`in\`, \`nin\` | the column is one of a list of values, or none of them; \`nin\` holds for null unless null is listed |
| \`matches\`, \`notmatches\` | a regular expression (RE2) is found in the text, or is not; \`notmatches\` holds for null too |
| \`isnull\`, \`notnull\` | the column is null, or is not; there is no \`value\` |
| \`from\`, \`until\` | the day of the date is that of the value or later; or is that or earlier |

The value of \`from\` and \`until\` is a date, or relative to one:
\`{"operator": "until", "quantity": 3, "duration": "month", "date": "2024-06-30"}\` is three months before that date, and
\`"operator": "from"\` three months after it; \`before\` says the same as \`until\`, and \`after\` as \`from\`. Without \`date\` it is
relative to now.

## Pipelines in steps

Where a step takes a pipeline, that is the name of a domain or a list of steps that begins with a domain.
`

function indexPage(): string {
  const rows = steps.map(({ name, summary }) => `| [\`${name}\`](${name}.md) | ${escaped(summary)} |`)
  return [introduction, '## All steps\n', '| Step | What it does |', '|---|---|', ...rows, '', rest].join('\n')
}

function stepPage({ name, summary, schema }: (typeof steps)[number]): string {
  const example = stepExamples[name]
  return [
    `# ${name}\n`,
    `<!-- Made from src/pipeline/steps/${name}.ts by \`npm run docs\`. Change it there. -->\n`,
    `${escaped(summary)}\n`,
    '## Fields\n',
    `${fieldTable(schema)}\n`,
    ...(example ? exampleSections(name, example) : []),
  ].join('\n')
}

function exampleSections(name: string, { step, input, others = {}, output }: StepExample): string[] {
  const given = Object.entries({ ...(name === 'domain' ? { [String(step.domain)]: input } : {}), ...others })
  return [
    '## Example\n',
    ...(name === 'domain' ? [] : [`Rows before the step:\n\n${tableText(input)}\n`]),
    ...given.map(([domain, table]) => `Rows of the domain \`${domain}\`:\n\n${tableText(table)}\n`),
    `The step:\n\n${codeBlock({ name, ...step })}\n`,
    `Rows after the step:\n\n${tableText(output)}\n`,
    '### The same rows in JSON\n',
    ...(name === 'domain' ? [] : [`Before:\n\n${codeBlock(records(input))}\n`]),
    ...given.map(([domain, table]) => `The domain \`${domain}\`:\n\n${codeBlock(records(table))}\n`),
    `After:\n\n${codeBlock(records(output))}\n`,
  ]
}

function tableText({ columns, rows }: ExampleTable): string {
  const types = Object.values(columns)
  const isNumeric = (type: string): boolean => type === 'integer' || type === 'number'
  return [
    row(Object.entries(columns).map(([name, type]) => `${escaped(name)}<br>*${type}*`)),
    row(types.map((type) => (isNumeric(type) ? '---:' : '---'))),
    ...rows.map((cells) => row(cells.map(cellText))),
  ].join('\n')
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

/** Texts as they are, but in quotes where white space at an end would be invisible. */
function cellText(cell: Json): string {
  if (cell === null) return '*null*'
  const text = String(cell)
  return text === text.trim() && text !== '' ? escaped(text) : `\`${JSON.stringify(text)}\``
}

function escaped(text: string): string {
  return text.replace(/[\\`*_<>[\]|]/g, '\\$&')
}

/** The rows as an answer has them. */
function records({ columns, rows }: ExampleTable): JsonObject[] {
  const names = Object.entries(columns)
  return rows.map((cells) =>
    Object.fromEntries(
      names.map(([name, type], index) => {
        const cell = cells[index] ?? null
        return [name, type === 'date' && cell !== null ? new Date(String(cell)).toISOString() : cell]
      }),
    ),
  )
}

function codeBlock(value: Json): string {
  return `\`\`\`json\n${written(value, '')}\n\`\`\``
}

/** JSON with what fits on one line on one line; a list of rows has a line for each. */
function written(value: Json, indent: string): string {
  const line = oneLine(value)
  const isTable = Array.isArray(value) && indent === '' && value.length > 1
  if (typeof value !== 'object' || value === null || (!isTable && indent.length + line.length <= 100)) return line
  const deeper = `${indent}  `
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  const parts = Array.isArray(value)
    ? value.map((item: Json) => deeper + written(item, deeper))
    : Object.entries(value as JsonObject).map(
        ([key, item]) => `${deeper}${JSON.stringify(key)}: ${written(item, deeper)}`,
      )
  return [open, parts.join(',\n'), indent + close].join('\n')
}

function oneLine(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(oneLine).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const parts = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${oneLine(item as Json)}`)
  return `{${parts.join(', ')}}`
}
