import type { PlainTable, PlainUser, RawRecord } from './plain-rules.ts'
import type { RandomRequest } from './random-pipeline.ts'

/** A case with the answer written out: what failed once, and what would be worst if it did. */
export interface FixedCase {
  readonly name: string
  /** The domain `sales`; the others are the same in all cases. */
  readonly records: readonly RawRecord[]
  readonly user?: Partial<PlainUser>
  readonly request: Partial<RandomRequest>
  /** The rows, as lists of their values; or the code of the refusal. */
  readonly answer: readonly (readonly unknown[])[] | string
  /** Engines that cannot run such steps. */
  readonly not?: readonly 'mongo'[]
}

/** By number, country, amount, and whether it is paid. */
export const sales: PlainTable = {
  columns: [
    { name: 'id', type: 'integer' },
    { name: 'country', type: 'text' },
    { name: 'amount', type: 'number' },
    { name: 'paid', type: 'boolean' },
  ],
  rows: [
    [1, 'FR', 10.5, true],
    [2, 'IT', 20.25, false],
    [3, null, 30.5, null],
    [4, 'FR', null, false],
  ],
}

/** Everybody sees it: what it is joined with is what matters. */
export const places: PlainTable = {
  columns: [
    { name: 'country', type: 'text' },
    { name: 'capital', type: 'text' },
  ],
  rows: [
    ['FR', 'Paris'],
    ['IT', 'Roma'],
    ['JP', '東京'],
  ],
}

const all = (condition: RawRecord['condition'], columns?: RawRecord['columns']): RawRecord[] => [
  { scope: 'ALL_USERS', effect: 'CUSTOM', condition: condition!, ...(columns && { columns }) },
]
const own = all({ column: 'country', operator: 'eq', value: '{{ user.attributes.country }}' })
const french: Partial<PlainUser> = { attributes: { country: 'FR' } }
const ids = [{ name: 'select', columns: ['id'] }]
const kept = { hide: ['amount'], mask: { paid: true } }
const count = { columns: ['id'], newcolumns: ['n'], aggfunction: 'count' }
const counted = [{ name: 'aggregate', on: ['country'], aggregations: [count] }]

const missing = ['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'in', 'nin', 'matches', 'notmatches'].map(
  (operator): FixedCase => ({
    name: `a rule on an attribute that is missing shows nothing: ${operator}`,
    records: all({ column: 'country', operator, value: '{{ user.attributes.country }}' }),
    request: { domain: 'sales' },
    answer: [],
  }),
)

export const fixedCases: readonly FixedCase[] = [
  // The worst of the original: it opened the whole domain.
  ...missing,
  {
    name: 'what is missing in one branch leaves the other one as it is',
    records: all({
      or: [
        { column: 'country', operator: 'ne', value: '{{ user.attributes.country }}' },
        { column: 'id', operator: 'eq', value: 2 },
      ],
    }),
    request: { domain: 'sales', pipeline: ids },
    answer: [[2]],
  },
  {
    name: 'an attribute is no pattern',
    records: all({ column: 'country', operator: 'matches', value: '{{ user.attributes.country }}' }),
    user: { attributes: { country: '.*' } },
    request: { domain: 'sales', pipeline: ids },
    answer: [],
  },
  {
    name: 'a list within a pattern is no class of letters',
    records: all({ column: 'country', operator: 'matches', value: '^{{ user.attributes.country }}' }),
    user: { attributes: { country: ['FR', 'I'] } },
    request: { domain: 'sales', pipeline: ids },
    answer: [],
  },
  {
    name: 'parameters of a request say nothing about who asks',
    records: own,
    request: { domain: 'sales', pipeline: ids, parameters: { user: { attributes: { country: 'FR' } } } },
    answer: [],
  },
  {
    name: 'without a record that fits, nothing is seen',
    records: [{ scope: 'USER_GROUP', group: 'north', effect: 'SEE_ALL' }],
    request: { domain: 'sales' },
    answer: [],
  },
  {
    name: 'the default is not added to what else applies',
    records: [...own, { scope: 'DEFAULT', effect: 'SEE_ALL' }],
    user: french,
    request: { domain: 'sales', pipeline: ids },
    answer: [[1], [4]],
  },
  {
    name: 'production is for builders as it is for all',
    records: own,
    user: { ...french, buildsProduction: true },
    request: { domain: 'sales', pipeline: ids },
    answer: [[1], [4]],
  },
  { name: 'a root', records: own, user: french, request: { domain: 'sales', pipeline: counted }, answer: [['FR', 2]] },
  {
    name: 'a branch of a join',
    records: own,
    user: french,
    request: {
      domain: 'places',
      pipeline: [{ name: 'join', right_pipeline: 'sales', type: 'left', on: [['country', 'country']] }, ...ids],
    },
    answer: [[1], [4], [null], [null]],
  },
  {
    name: 'a branch of an append, with steps of its own',
    records: own,
    user: french,
    request: {
      domain: 'places',
      pipeline: [{ name: 'append', pipelines: [[{ name: 'domain', domain: 'sales' }, ...counted]] }],
    },
    answer: [
      ['FR', 'Paris', null],
      ['IT', 'Roma', null],
      ['JP', '東京', null],
      ['FR', null, 2],
    ],
  },
  {
    name: 'what a derived domain is made of',
    records: own,
    user: french,
    request: { domain: 'derived' },
    answer: [[1], [4]],
  },
  {
    // It was a fault of the program: the columns of a pivot were not known where it is a part of a domain.
    name: 'a derived domain that is a pivot of what is seen',
    records: own,
    user: french,
    request: { domain: 'pivoted' },
    answer: [
      [1, 10.5],
      [4, 0],
    ],
  },
  {
    name: 'a derived domain itself',
    records: [{ scope: 'ALL_USERS', effect: 'SEE_ALL' }],
    user: { attributes: { least: 2 } },
    request: { domain: 'ruled', pipeline: [{ name: 'sort', columns: [{ column: 'id', order: 'desc' }] }] },
    answer: [[4], [3], [2]],
  },
  {
    name: 'columns that are kept back',
    records: all({ column: 'amount', operator: 'notnull' }, kept),
    request: { domain: 'sales' },
    answer: [
      [1, 'FR', true],
      [2, 'IT', true],
      [3, null, true],
    ],
  },
  {
    name: 'a hidden column is not there to be asked for',
    records: [{ scope: 'ALL_USERS', effect: 'SEE_ALL', columns: kept }],
    request: {
      domain: 'sales',
      pipeline: [{ name: 'filter', condition: { column: 'amount', operator: 'gt', value: 15 } }],
    },
    answer: 'pipeline_invalid',
  },
  {
    name: 'a masked column is only the mask',
    records: [{ scope: 'ALL_USERS', effect: 'SEE_ALL', columns: kept }],
    request: {
      domain: 'sales',
      pipeline: [{ name: 'filter', condition: { column: 'paid', operator: 'eq', value: false } }],
    },
    answer: [],
  },
  {
    name: 'a hidden column says nothing to a native query',
    records: [{ scope: 'ALL_USERS', effect: 'SEE_ALL', columns: kept }],
    request: { domain: 'sales', pipeline: [{ name: 'custom', query: [{ $match: { amount: { $gt: 15 } } }] }] },
    answer: [],
    not: ['mongo'],
  },
  {
    name: 'what a native query looks up, joins and unites',
    records: own,
    user: french,
    request: {
      domain: 'places',
      pipeline: [
        {
          name: 'custom',
          query: [
            { $lookup: { from: 'sales', localField: 'country', foreignField: 'country', as: 'found' } },
            { $unionWith: { coll: 'sales', pipeline: [{ $match: { id: { $gt: 1 } } }] } },
            {
              $facet: {
                n: [{ $unionWith: 'sales' }, { $count: 'n' }],
                found: [{ $unwind: '$found' }, { $count: 'n' }],
              },
            },
          ],
        },
      ],
    },
    answer: [[[{ n: 6 }], [{ n: 2 }]]],
    not: ['mongo'],
  },
  {
    name: 'SQL over the rows so far',
    records: own,
    user: french,
    request: {
      domain: 'sales',
      pipeline: [{ name: 'customsql', query: 'SELECT count(*) AS n FROM ##PREVIOUS_STEP##' }],
    },
    answer: [[2]],
    not: ['mongo'],
  },
  {
    name: 'columns that only some rows have, of what is seen',
    records: own,
    user: french,
    request: {
      domain: 'sales',
      pipeline: [
        { name: 'pivot', index: ['id'], column_to_pivot: 'country', value_column: 'amount', agg_function: 'sum' },
      ],
    },
    answer: [
      [1, 10.5],
      [4, 0],
    ],
  },
  {
    name: 'a rule on a column that is not there shows nothing',
    records: all({ column: 'pays', operator: 'ne', value: 'FR' }),
    request: { domain: 'sales' },
    answer: 'data_refused',
  },
]
