import fc from 'fast-check'
import { condition, formula, textFormula } from './expressions.ts'
import { name } from './tables.ts'

export const order = fc.constantFrom('asc', 'desc')

const figure = fc.oneof(
  fc.record({
    aggfunction: fc.constantFrom(
      'min',
      'max',
      'first',
      'last',
      'count',
      'count distinct',
      'count distinct including empty',
    ),
    column: name,
  }),
  fc.record({ aggfunction: fc.constant('sum'), column: fc.constantFrom('i', 'j', 'm') }),
  fc.record({ aggfunction: fc.constant('avg'), column: fc.constantFrom('j', 'm') }),
)
const newName = fc.constantFrom('f', 'g', 'h')

export const step: fc.Arbitrary<object> = fc.oneof(
  fc.record({ name: fc.constant('filter'), condition }),
  fc.record({
    name: fc.constant('sort'),
    columns: fc.array(fc.record({ column: name, order }), { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    name: fc.constant('select'),
    columns: fc.shuffledSubarray(['i', 'j', 'n', 'm', 't', 'u', 'b', 'd'], { minLength: 6 }),
  }),
  fc.record({ name: fc.constant('delete'), columns: fc.array(name, { minLength: 1, maxLength: 1 }) }),
  fc.constantFrom(
    {
      name: 'rename',
      to_rename: [
        ['t', 'u'],
        ['u', 't'],
      ],
    },
    {
      name: 'rename',
      to_rename: [
        ['d', 'now'],
        ['i', 'd'],
      ],
    },
  ),
  fc.record({
    name: fc.constant('top'),
    rankOn: name,
    sort: order,
    limit: fc.integer({ min: 0, max: 5 }),
    groups: fc.uniqueArray(name, { maxLength: 2 }),
  }),
  fc.record({
    name: fc.constant('formula'),
    newColumn: newName,
    formula: fc.oneof({ weight: 3, arbitrary: formula }, textFormula),
  }),
  fc.record({
    name: fc.constant('aggregate'),
    on: fc.uniqueArray(name, { maxLength: 3 }),
    keepOriginalGranularity: fc.boolean(),
    countNulls: fc.boolean(),
    aggregations: fc
      .array(figure, { minLength: 1, maxLength: 4 })
      .map((list) =>
        list.map(({ aggfunction, column }, index) => ({ aggfunction, columns: [column], newcolumns: [`x${index}`] })),
      ),
  }),
  fc.record({
    name: fc.constant('join'),
    rightPipeline: fc.constantFrom<object | string>('other', [
      { name: 'domain', domain: 'other' },
      { name: 'top', rankOn: 'n', sort: 'asc', limit: 3 },
    ]),
    type: fc.constantFrom('left', 'inner', 'full outer'),
    on: fc.array(fc.tuple(name, name), { minLength: 1, maxLength: 2 }),
  }),
)
