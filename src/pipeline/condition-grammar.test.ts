import { describe, expect, it } from 'vitest'
import type { ProblemItem } from '../base/index.ts'
import { type Condition, maxConditionDepth, parseCondition, patternProblem } from './index.ts'

type Grammar = 'filter' | 'permission'

function errorsOf(raw: unknown, grammar: Grammar = 'filter'): readonly ProblemItem[] {
  const parsed = parseCondition(raw, { at: '/c', grammar })
  return 'errors' in parsed ? parsed.errors : []
}

function conditionOf(raw: unknown, grammar: Grammar = 'filter'): Condition {
  const parsed = parseCondition(raw, { at: '', grammar })
  if ('errors' in parsed) throw new Error(JSON.stringify(parsed.errors))
  return parsed.condition
}

describe('the grammar', () => {
  it('reads every operator', () => {
    for (const operator of ['eq', 'ne', 'lt', 'le', 'gt', 'ge']) {
      for (const value of ['x', '', 1, 1.5, true, null]) {
        expect(conditionOf({ column: 'a', operator, value })).toEqual({ column: 'a', operator, value })
      }
    }
    expect(conditionOf({ column: 'a', operator: 'in', value: [] })).toEqual({ column: 'a', operator: 'in', value: [] })
    expect(conditionOf({ column: 'a', operator: 'nin', value: [1, 'x', null] })).toMatchObject({
      value: [1, 'x', null],
    })
    expect(conditionOf({ column: 'a', operator: 'isnull' })).toEqual({ column: 'a', operator: 'isnull' })
    expect(conditionOf({ column: 'a', operator: 'notnull', value: null })).toEqual({ column: 'a', operator: 'notnull' })
    expect(conditionOf({ column: 'a', operator: 'matches', value: 13.5 })).toMatchObject({ value: '13.5' })
    expect(conditionOf({ column: 'a', operator: 'from', value: '2022-01-05 02:00:00+0200' })).toMatchObject({
      value: new Date('2022-01-05T00:00:00Z'),
    })
    expect(
      conditionOf({
        column: 'a',
        operator: 'until',
        value: { operator: 'from', quantity: '-2', duration: 'week', date: '2022-01-05' },
      }),
    ).toMatchObject({
      value: { operator: 'from', quantity: 2, duration: 'week', date: new Date('2022-01-05T00:00:00Z') },
    })
    expect(conditionOf({ and_: [{ or_: [{ column: 'a', operator: 'isnull' }] }] })).toEqual({
      and: [{ or: [{ column: 'a', operator: 'isnull' }] }],
    })
  })

  it.each<[unknown, string]>([
    [null, '/c'],
    ['x', '/c'],
    [[], '/c'],
    [{}, '/c/column'],
    [{}, '/c/operator'],
    [{ column: 1, operator: 'eq', value: 1 }, '/c/column'],
    [{ column: 'a', operator: 'eq' }, '/c/value'],
    [{ column: 'a', operator: 'EQ', value: 1 }, '/c/operator'],
    [{ column: 'a', operator: 'toString', value: 1 }, '/c/operator'],
    [{ column: 'a', operator: 'eq', value: 1, extra: 1 }, '/c/extra'],
    [{ column: 'a', operator: 'eq', value: [1] }, '/c/value'],
    [{ column: 'a', operator: 'eq', value: { $gt: '' } }, '/c/value'],
    [{ column: 'a', operator: 'eq', value: Number.NaN }, '/c/value'],
    [{ column: 'a', operator: 'in', value: 'x' }, '/c/value'],
    [{ column: 'a', operator: 'in', value: [[1]] }, '/c/value/0'],
    [{ column: 'a', operator: 'in', value: [1, { a: 1 }] }, '/c/value/1'],
    [{ column: 'a', operator: 'matches', value: null }, '/c/value'],
    [{ column: 'a', operator: 'matches', value: '(' }, '/c/value'],
    [{ and: [] }, '/c/and'],
    [{ or: {} }, '/c/or'],
    [{ and: [{ column: 'a', operator: 'isnull' }], or: [{ column: 'a', operator: 'isnull' }] }, '/c'],
    [{ and: [{ column: 'a', operator: 'isnull' }], column: 'a' }, '/c/column'],
    [
      { or: [{ column: 'a', operator: 'isnull' }, { and: [{ column: 'b', operator: 'nope' }] }] },
      '/c/or/1/and/0/operator',
    ],
    [{ always: true }, '/c/always'],
    [JSON.parse('{"column":"a","operator":"isnull","__proto__":{"and":[]}}'), '/c/__proto__'],
    [{ column: 'a', operator: 'isnull', 'a/b~c': 1 }, '/c/a~1b~0c'],
    [{ column: 'a', operator: 'from', value: '2022-02-30' }, '/c/value'],
    [{ column: 'a', operator: 'until', value: 5 }, '/c/value'],
    [
      { column: 'a', operator: 'from', value: { operator: 'until', quantity: 1.5, duration: 'day' } },
      '/c/value/quantity',
    ],
    [
      { column: 'a', operator: 'from', value: { operator: 'until', quantity: 1, duration: 'days' } },
      '/c/value/duration',
    ],
    [{ column: 'a', operator: 'from', value: { operator: 'ago', quantity: 1, duration: 'day' } }, '/c/value/operator'],
    [
      { column: 'a', operator: 'from', value: { operator: 'until', quantity: 1, duration: 'day', date: 'x' } },
      '/c/value/date',
    ],
    [
      { column: 'a', operator: 'from', value: { operator: 'until', quantity: 1, duration: 'day', tz: 'x' } },
      '/c/value/tz',
    ],
  ])('refuses %o at %s', (raw, path) => {
    expect(errorsOf(raw).map((error) => error.path)).toContain(path)
  })

  it('lists every mistake and the names that come close', () => {
    const errors = errorsOf({
      and: [{ column: 'a', operator: 'match', value: 1 }, { colum: 'a', operator: 'eq', value: 1 }, { or: [] }],
    })
    expect(errors).toMatchObject([
      { path: '/c/and/0/operator', nearest: ['matches', 'notmatches'] },
      { path: '/c/and/1/colum', nearest: expect.arrayContaining(['column']) },
      { path: '/c/and/1/column' },
      { path: '/c/and/2/or' },
    ])
  })

  it('has a bound on its depth', () => {
    const nested = (depth: number): unknown =>
      depth === 0 ? { column: 'a', operator: 'isnull' } : { and: [nested(depth - 1)] }
    expect(errorsOf(nested(maxConditionDepth))).toEqual([])
    expect(errorsOf(nested(maxConditionDepth + 1))[0]?.message).toContain(`${maxConditionDepth} levels`)
    expect(errorsOf(nested(5000))).toHaveLength(1)
  })
})

describe('the grammar of permissions', () => {
  it('keeps templates as texts and makes a list of a lone one', () => {
    const raw = {
      or: [
        { column: 'a', operator: 'in', value: '{{ user.groups }}' },
        { column: 'b', operator: 'eq', value: '{{ user.attributes.b }}' },
      ],
    }
    expect(conditionOf(raw, 'permission')).toEqual({
      or: [
        { column: 'a', operator: 'in', value: ['{{ user.groups }}'] },
        { column: 'b', operator: 'eq', value: '{{ user.attributes.b }}' },
      ],
    })
    expect(conditionOf({ column: 'a', operator: 'matches', value: '^{{ user.a }}(' }, 'permission')).toMatchObject({
      value: '^{{ user.a }}(',
    })
  })

  it.each<[unknown, string, number?]>([
    [{ column: 'a', operator: 'from', value: '2022-01-01' }, '/c/operator'],
    [{ column: 'a', operator: 'in', value: 'x' }, '/c/value'],
    [{ column: 'a', operator: 'eq', value: 'x{{ user.' }, '/c/value', 1],
    [{ column: 'a', operator: 'eq', value: '{{ user.a b }}' }, '/c/value', 0],
    [{ column: 'a', operator: 'in', value: ['x', '{{ user.a b }}'] }, '/c/value/1', 0],
    [{ column: 'a', operator: 'in', value: '{{ user.a b }}' }, '/c/value', 0],
    [{ column: 'a', operator: 'matches', value: '{{ user.a b }}' }, '/c/value', 0],
    [{ column: 'a', operator: 'eq', value: '{% if user.a %}x{% endif %}' }, '/c/value'],
    [{ and_: [{ column: 'a', operator: 'isnull' }] }, '/c/and_'],
  ])('refuses %o at %s', (raw, path, position) => {
    const error = errorsOf(raw, 'permission').find((item) => item.path === path)
    expect(error).toBeDefined()
    if (position !== undefined) expect(error?.position).toBe(position)
  })
})

describe('regular expressions', () => {
  it('are those that every engine reads alike', () => {
    for (const good of [
      '',
      'a.b',
      '^x$',
      '(?i)a',
      '(?P<n>a)',
      '[[:alpha:]]',
      '\\p{Greek}\\pL\\p{Lu}',
      '[(?<]',
      '\\(?<a',
      'é😀',
      '(a+)+$',
    ]) {
      expect(patternProblem(good)).toBeUndefined()
    }
  })

  it.each<[string, number | undefined]>([
    ['ab(c', 4],
    ['a)b', 0],
    ['a[b', 1],
    ['a\\', 2],
    ['(a)\\1', 3],
    ['x(?=a)', 1],
    ['a**', 1],
    ['x(?<n>a)', 1],
    ['x\\p{Alphabetic}', 1],
    ['\\C', 0],
    ['a'.repeat(10_001), undefined],
  ])('%s is not one', (pattern, position) => {
    expect(patternProblem(pattern)).toMatchObject(
      position === undefined ? { message: expect.any(String) } : { position },
    )
  })
})
