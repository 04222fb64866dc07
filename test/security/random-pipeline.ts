import type { Choices } from './choices.ts'
import type { CellType, PlainTable } from './plain-rules.ts'
import { asJson } from './random-world.ts'

type Columns = PlainTable['columns']

/** What a request can read, with the columns that it would have without any rule. */
export type Readable = ReadonlyMap<string, PlainTable>

export interface RequestOptions {
  /** The rows have no order of their own: nothing is asked for that depends on one. */
  readonly isUnordered?: boolean
  /** The steps that there are. Default: all. */
  readonly known?: ReadonlySet<string>
}

export interface RandomRequest {
  readonly domain: string
  readonly pipeline: readonly object[]
  readonly parameters: Readonly<Record<string, unknown>>
  readonly offset: number
  readonly limit: number | null
}

interface Drawing {
  readonly choices: Choices
  /** As far as they are known. */
  readonly columns: Columns
  readonly readable: Readable
}

/** A step, and the columns after it. */
type Drawn = readonly [object, Columns]

/** One step for each of `steps`. They mostly fit the columns; what does not fit has to be refused alike. */
export function randomRequest(
  choices: Choices,
  steps: readonly Choices[],
  { readable, isUnordered = false, known }: RequestOptions & { readonly readable: Readable },
): RandomRequest {
  const domain = choices.pick([...readable.keys()])
  const all = randomSteps({ choices, columns: readable.get(domain)!.columns, readable }, steps)
  const pipeline = all.filter((step) => isKnown(step, known) && !(isUnordered && dependsOnOrder(step)))
  const paged = !isUnordered && choices.chance(30)
  return {
    domain,
    pipeline,
    parameters: { country: 'FR', user: { attributes: { country: 'FR', level: 1 } } },
    offset: paged ? choices.pick([0, 1, 2, 5]) : 0,
    limit: paged ? choices.pick([0, 1, 2, 4, null]) : null,
  }
}

function isKnown(step: object, known: ReadonlySet<string> | undefined): boolean {
  return known === undefined || ('name' in step && known.has(String(step.name)))
}

function dependsOnOrder(step: object): boolean {
  const text = JSON.stringify(step)
  return /^\{"name":"(?:top|custom)"/.test(text) || /"aggfunction":"(?:first|last)"/.test(text)
}

function randomSteps({ columns, readable }: Drawing, steps: readonly Choices[]): object[] {
  let known = columns
  let joins = 0
  return steps.map((choices) => {
    const draw = choices.pick(joins < 2 ? [...plainSteps, ...plainSteps, ...mixingSteps] : plainSteps)
    if (mixingSteps.includes(draw)) joins++
    const [step, after] = draw({ choices, columns: known, readable })
    if (after.length > 0) known = after
    return step
  })
}

const comparisons = ['eq', 'ne', 'lt', 'le', 'gt', 'ge']

function condition({ choices, columns, readable }: Drawing): object {
  const { name: column } = choices.pick(columns)
  if (choices.chance(20)) return { column, operator: choices.pick(['isnull', 'notnull']) }
  if (choices.chance(20)) {
    return { column, operator: choices.pick(['matches', 'notmatches']), value: choices.pick(['a', '^F', '1', '.']) }
  }
  const cells = [...readable.values()].flatMap(({ rows }) => rows.flat())
  const value = () =>
    choices.chance(4) ? '{{ user.attributes.country }}' : cells.length > 0 ? asJson(choices.pick(cells)) : 1
  if (choices.chance(25)) return { column, operator: choices.pick(['in', 'nin']), value: [value(), value()] }
  return { column, operator: choices.pick(comparisons), value: value() }
}

const order = (choices: Choices): string => choices.pick(['asc', 'desc'])
const named = (columns: Columns, type: CellType | undefined, choices: Choices): string => {
  const fitting = columns.filter((column) => type === undefined || column.type === type)
  return choices.pick(fitting.length > 0 && choices.chance(90) ? fitting : columns).name
}
const withNew = (columns: Columns, name: string, type: CellType): Columns =>
  columns.some((column) => column.name === name)
    ? columns.map((column) => (column.name === name ? { name, type } : column))
    : [...columns, { name, type }]

const plainSteps: readonly ((drawing: Drawing) => Drawn)[] = [
  (drawing) => [{ name: 'filter', condition: condition(drawing) }, drawing.columns],
  (drawing) => {
    const members = [condition(drawing), condition(drawing)]
    return [{ name: 'filter', condition: { [drawing.choices.pick(['and', 'or'])]: members } }, drawing.columns]
  },
  ({ choices, columns }) => {
    const kept = choices.some(columns, 75)
    const chosen = kept.length > 0 ? kept : columns
    return [{ name: 'select', columns: chosen.map(({ name }) => name) }, chosen]
  },
  ({ choices, columns }) => {
    const { name } = choices.pick(columns)
    const left = columns.filter((column) => column.name !== name)
    return left.length > 0
      ? [{ name: 'delete', columns: [name] }, left]
      : [{ name: 'select', columns: [name] }, columns]
  },
  ({ choices, columns }) => {
    const { name } = choices.pick(columns)
    const taken = choices.chance(5) ? [] : columns
    const free = ['renommé', 'n', 'País', 'a b'].filter((to) => !taken.some((column) => column.name === to))
    const to = free.length > 0 ? choices.pick(free) : name
    const renamed = columns.map((column) => (column.name === name ? { ...column, name: to } : column))
    return [{ name: 'rename', to_rename: [[name, to]] }, renamed]
  },
  ({ choices, columns }) => [
    {
      name: 'sort',
      columns: choices.pick([[1], [1, 2]]).map(() => ({ column: choices.pick(columns).name, order: order(choices) })),
    },
    columns,
  ],
  ({ choices, columns }) => [
    {
      name: 'top',
      rank_on: choices.pick(columns).name,
      sort: order(choices),
      limit: choices.pick([1, 2, 4]),
      groups: choices.chance(50) ? [choices.pick(columns).name] : [],
    },
    columns,
  ],
  ({ choices, columns }) => {
    const on = choices.some(columns, 30)
    const aggfunction = choices.pick(['sum', 'avg', 'min', 'max', 'count', 'count distinct', 'first', 'last'])
    const { name, type } = choices.pick(columns)
    const column = aggfunction === 'sum' || aggfunction === 'avg' ? named(columns, 'number', choices) : name
    const granular = choices.chance(20)
    const aggregations = [{ columns: [column], newcolumns: ['figure'], aggfunction }]
    const step = { name: 'aggregate', on: on.map((one) => one.name), aggregations, keep_original_granularity: granular }
    const figure = aggfunction.startsWith('count')
      ? 'integer'
      : aggfunction === 'sum' || aggfunction === 'avg'
        ? 'number'
        : type
    return [step, withNew(granular ? columns : on, 'figure', figure)]
  },
  ({ choices, columns }) => {
    const [a, b] = [0, 1].map(() => named(columns, choices.pick(['number', 'integer']), choices))
    const formula = choices.pick([`[${a}] + [${b}]`, `[${a}] * 2`, `[${a}] - [${b}] / 4`])
    return [{ name: 'formula', new_column: 'f', formula }, withNew(columns, 'f', 'number')]
  },
  ({ choices, columns }) => [
    {
      name: 'text',
      new_column: 't',
      text: choices.pick([
        'x',
        'x',
        '{{ user.username }}',
        '{{ user.username }}',
        '{{ country }}',
        '{{ user.attributes.level }}',
      ]),
    },
    withNew(columns, 't', 'text'),
  ],
  ({ choices, columns }) => {
    const on = choices.some(columns, 40)
    const chosen = on.length > 0 ? on : columns.slice(0, 1)
    return [{ name: 'uniquegroups', on: chosen.map(({ name }) => name) }, chosen]
  },
  ({ choices, columns }) => {
    const index = choices.pick(columns)
    const aggFunction = choices.pick(['sum', 'count', 'max'])
    const value = aggFunction === 'sum' ? named(columns, 'number', choices) : choices.pick(columns).name
    const pivoted = choices.pick(columns).name
    return [
      { name: 'pivot', index: [index.name], column_to_pivot: pivoted, value_column: value, agg_function: aggFunction },
      [index],
    ]
  },
  ({ choices, columns }) => {
    const column = choices.pick(columns)
    const quoted = `"${column.name.replaceAll('"', '""')}"`
    const counted: Columns = [{ name: 'n', type: 'integer' }]
    return choices.pick<Drawn>([
      [{ name: 'customsql', query: 'SELECT * FROM ##PREVIOUS_STEP##' }, columns],
      [{ name: 'customsql', query: 'SELECT count(*) AS n FROM ##PREVIOUS_STEP##' }, counted],
      [
        {
          name: 'customsql',
          query: `SELECT ${quoted}, count(*) AS n FROM ##PREVIOUS_STEP## GROUP BY ALL ORDER BY ${quoted} NULLS LAST`,
        },
        withNew([column], 'n', 'integer'),
      ],
      [
        {
          name: 'customsql',
          query: `SELECT a.* FROM ##PREVIOUS_STEP## a SEMI JOIN ##PREVIOUS_STEP## b ON a.${quoted} = b.${quoted} ORDER BY ALL`,
        },
        columns,
      ],
    ])
  },
]

const mixingSteps: readonly ((drawing: Drawing) => Drawn)[] = [
  (drawing) => {
    const { choices, columns } = drawing
    const [other, right] = otherPipeline(drawing)
    const key = choices.pick(columns)
    const fitting = right.filter(({ type }) => type === key.type)
    const on = [[key.name, choices.pick(fitting.length > 0 ? fitting : right).name]]
    const type = choices.pick(['left', 'inner', 'full outer'])
    const added = right.filter(({ name }) => !columns.some((column) => column.name === name))
    return [{ name: 'join', right_pipeline: other, type, on }, [...columns, ...added]]
  },
  (drawing) => {
    const { choices, columns } = drawing
    const others = choices.pick([[1], [1, 2]]).map(() => otherPipeline(drawing))
    const added = others.flatMap(([, right]) => right)
    const known = new Map([...added, ...columns].map((column) => [column.name, column]))
    return [{ name: 'append', pipelines: others.map(([pipeline]) => pipeline) }, [...known.values()]]
  },
  (drawing) => [{ name: 'custom', query: JSON.stringify(stages(drawing)) }, []],
]

function otherPipeline(drawing: Drawing): readonly [unknown, Columns] {
  const { choices, readable } = drawing
  const domain = choices.pick([...readable.keys()])
  const { columns } = readable.get(domain)!
  if (choices.chance(25)) return [domain, columns]
  const steps = choices.chance(50) ? [{ name: 'filter', condition: condition({ ...drawing, columns }) }] : []
  return [[{ name: 'domain', domain }, ...steps], columns]
}

/** A native query that counts, lists, and reads other domains in every way that there is. */
function stages({ choices, columns, readable }: Drawing): object[] {
  const [own, other] = [columns, columns].map((list) => choices.pick(list).name.replace('$', ''))
  const domain = choices.pick([...readable.keys()])
  const foreign = choices.pick(readable.get(domain)!.columns).name.replace('$', '')
  const lookup = { from: domain, localField: own, foreignField: foreign, as: 'found' }
  const reading = [
    { $lookup: lookup },
    { $lookup: { from: domain, as: 'found', pipeline: [{ $count: 'n' }] } },
    { $unionWith: domain },
    { $unionWith: { coll: domain, pipeline: [{ $group: { _id: `$${foreign}`, n: { $sum: 1 } } }] } },
    { $facet: { a: [{ $count: 'n' }], b: [{ $unionWith: domain }], c: [{ $lookup: lookup }, { $limit: 2 }] } },
    {
      $graphLookup: {
        from: domain,
        startWith: `$${own}`,
        connectFromField: foreign,
        connectToField: foreign,
        as: 'found',
        maxDepth: 1,
      },
    },
  ]
  const first = [
    { $match: { [own!]: choices.pick<unknown>(['FR', 1, null, { $ne: 'FR' }, { $gt: 0 }, { $in: ['a', 'FR', 2] }]) } },
    { $match: { $expr: { $eq: [`$${own}`, `$${other}`] } } },
    { $group: { _id: `$${own}`, n: { $sum: 1 }, all: { $push: `$${other}` } } },
    { $skip: 1 },
  ]
  return choices.pick([
    [choices.pick(first)],
    [choices.pick(reading)],
    [choices.pick(first), choices.pick(reading)],
    [choices.pick(reading), { $count: 'n' }],
  ])
}
