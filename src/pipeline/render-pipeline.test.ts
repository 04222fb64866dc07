import { describe, expect, it } from 'vitest'
import { isProblem, type ProblemItem } from '../base/index.ts'
import { at, type ParseOptions, type Pipeline, parsePipeline, renderPipeline, type TemplateVariables } from './index.ts'

const now = new Date('2022-10-17T17:30:12Z')
const domain = { name: 'domain', domain: 'sales' }

function parsed(raw: unknown, variables: TemplateVariables = {}, options: ParseOptions = {}): Pipeline {
  return renderPipeline(parsePipeline(raw, options), variables, now)
}

/** Without the symbols, which `toEqual` would compare. */
function plain(raw: unknown, variables: TemplateVariables = {}, options: ParseOptions = {}): unknown[] {
  return structuredClone([...parsed(raw, variables, options)])
}

function step(raw: object, variables: TemplateVariables = {}): unknown {
  return plain([domain, raw], variables)[1]
}

function errorsOf(action: () => unknown): readonly ProblemItem[] {
  try {
    action()
  } catch (error) {
    if (isProblem(error, 'pipeline_invalid')) return error.errors
    throw error
  }
  return []
}

const refusal = (raw: unknown, options: ParseOptions = {}) => errorsOf(() => parsePipeline(raw, options))
const stepErrors = (raw: object) => refusal([domain, raw])

describe('variables', () => {
  it('keep their types, and lists are spliced once', () => {
    const filter = {
      name: 'filter',
      condition: { column: '{{ c }}', operator: 'in', value: ['{{ l }}', 'x{{ n }}', ['q']] },
    }
    expect(errorsOf(() => step(filter, { c: 'a', l: [1], n: 2 }))).toMatchObject([
      { path: '/pipeline/1/condition/value/2' },
    ])
    expect(
      step(
        { ...filter, condition: { ...filter.condition, value: ['{{ l }}', 'x{{ n }}'] } },
        { c: 'a', l: [1, null, true], n: 2 },
      ),
    ).toMatchObject({
      condition: { column: 'a', value: [1, null, true, 'x2'] },
    })
    expect(
      step({ name: 'filter', condition: { column: 'a', operator: 'in', value: '{{ l }}' } }, { l: [1, 2] }),
    ).toMatchObject({ condition: { value: [1, 2] } })
    expect(
      step({ name: 'filter', condition: { column: 'a', operator: 'eq', value: '{{ n }}' } }, { n: null }),
    ).toMatchObject({ condition: { value: null } })
    expect(step({ name: 'top', rank_on: 'a', sort: '{{ s }}', limit: '{{ n }}' }, { s: 'asc', n: 5 })).toMatchObject({
      sort: 'asc',
      limit: 5,
    })
    expect(step({ name: 'select', columns: ['{{ l }}', 'z'] }, { l: ['x', 'y'] })).toMatchObject({
      columns: ['x', 'y', 'z'],
    })
    expect(step({ name: 'select', columns: '{{ l }}' }, { l: ['x', 'y'] })).toMatchObject({ columns: ['x', 'y'] })
    expect(step({ name: 'formula', new_column: 'n', formula: '{{ f }} * 2' }, { f: 3 })).toMatchObject({
      formula: '3 * 2',
    })
    expect(
      step({ name: 'filter', condition: { column: 'a', operator: 'from', value: '{{ TODAY }}' } }, { TODAY: now }),
    ).toMatchObject({ condition: { value: now } })
    const relative = { operator: 'until', quantity: '{{ n }}', duration: 'day', date: '{{ TODAY }}' }
    expect(
      step({ name: 'filter', condition: { column: 'a', operator: 'from', value: relative } }, { TODAY: now, n: 2 }),
    ).toMatchObject({
      condition: { value: new Date('2022-10-15T17:30:12Z') },
    })
  })

  it('are data: what they contain is not rendered again', () => {
    const hostile = "'; drop table x; -- {{ other }}"
    expect(
      step(
        { name: 'filter', condition: { column: 'a', operator: 'eq', value: '{{ v }}' } },
        { v: hostile, other: 'no' },
      ),
    ).toMatchObject({ condition: { value: hostile } })
    expect(
      step(
        { name: 'filter', condition: { column: 'a', operator: 'eq', value: 'x {{ v }}' } },
        { v: hostile, other: 'no' },
      ),
    ).toMatchObject({ condition: { value: `x ${hostile}` } })
  })

  it('that are undefined are named with their step', () => {
    const raw = [
      domain,
      { name: 'filter', condition: { and: [{ column: 'a', operator: 'eq', value: '{{ who }}' }] } },
      {
        name: 'join',
        right_pipeline: [domain, { name: 'top', rank_on: 'x{{ rank.on }}', sort: 'asc', limit: 1 }],
        type: 'left',
        on: [['a', 'a']],
      },
    ]
    expect(errorsOf(() => parsed(raw))).toEqual([
      {
        path: '/pipeline/1/condition/and/0/value',
        step: { index: 1, name: 'filter' },
        message: 'The variable "who" is not defined.',
      },
      {
        path: '/pipeline/2/right_pipeline/1/rank_on',
        step: { index: 1, name: 'top' },
        message: 'The variable "rank.on" is not defined.',
      },
    ])
  })

  it('do not excuse mistakes that no value can mend', () => {
    expect(
      stepErrors({ name: 'top', rank_on: '{{ a }}', limit: '{{ n }}', extra: '{{ x }}' }).map(({ path }) => path),
    ).toEqual(['/pipeline/1/extra', '/pipeline/1/sort'])
    expect(
      stepErrors({ name: 'filter', condition: { and: [{ column: '{{ a }}', operator: 'nope', value: '{{ x }}' }] } })[0]
        ?.path,
    ).toBe('/pipeline/1/condition/and/0/operator')
    expect(stepErrors({ name: 'select', columns: ['{{ a'] })).toMatchObject([
      { path: '/pipeline/1/columns/0', position: 0 },
    ])
    expect(stepErrors({ name: 'select', columns: ['{{ a b }}', 'x {{ +'] })).toMatchObject([
      { position: 0 },
      { position: 2 },
    ])
  })

  it('are checked once their values are known', () => {
    const top = { name: 'top', rank_on: 'a', sort: '{{ s }}', limit: '{{ n }}' }
    expect(errorsOf(() => step(top, { s: 'up', n: 'many' })).map(({ path }) => path)).toEqual([
      '/pipeline/1/sort',
      '/pipeline/1/limit',
    ])
    expect(
      errorsOf(() =>
        step({ name: 'filter', condition: { column: 'a', operator: 'matches', value: '{{ p }}' } }, { p: '(' }),
      ),
    ).toMatchObject([{ path: '/pipeline/1/condition/value', position: 1 }])
    expect(
      errorsOf(() =>
        step({ name: 'filter', condition: { column: 'a', operator: 'in', value: '{{ l }}' } }, { l: 'x' }),
      ),
    ).toMatchObject([{ path: '/pipeline/1/condition/value' }])
    expect(
      errorsOf(() =>
        step({ name: 'filter', condition: { column: 'a', operator: 'eq', value: '{{ o }}' } }, { o: { $ne: 1 } }),
      ),
    ).toMatchObject([{ path: '/pipeline/1/condition/value' }])
    expect(errorsOf(() => step({ name: 'formula', new_column: 'n', formula: '{{ f }}' }, { f: '1 +' }))).toMatchObject([
      { path: '/pipeline/1/formula', position: 3 },
    ])
  })

  it('render the same parsed pipeline again and again', () => {
    const once = parsePipeline(
      [domain, { name: 'filter', condition: { column: 'a', operator: 'eq', value: '{{ v }}' } }],
      {},
    )
    const [first, second] = [1, 'x'].map((v) => renderPipeline(once, { v }, now)[1])
    expect([first, second]).toMatchObject([{ condition: { value: 1 } }, { condition: { value: 'x' } }])
  })
})

describe('relative dates without a base', () => {
  it('count from now, as instants that stay the same when they say the same', () => {
    const filter = {
      name: 'filter',
      condition: {
        or: [{ column: 'a', operator: 'from', value: { operator: 'until', quantity: 1, duration: 'month' } }],
      },
    }
    const at = (time: string) => renderPipeline(parsePipeline([domain, filter], {}), {}, new Date(time))
    expect(at('2024-03-31T15:00:00Z')[1]).toMatchObject({
      condition: { or: [{ value: new Date('2024-02-29T00:00:00Z') }] },
    })
    expect(at('2024-03-31T23:59:59Z')).toEqual(at('2024-03-31T00:00:00Z'))
    expect(at('2024-04-01T00:00:00Z')).not.toEqual(at('2024-03-31T23:59:59Z'))
  })
})

describe('unset filters', () => {
  const leaf = (value: unknown, operator = 'eq', column = 'a') => ({ column, operator, value })
  const rest = (condition: unknown, variables: TemplateVariables = {}) => {
    const [, kept] = parsed([domain, { name: 'filter', condition }], variables)
    return kept?.name === 'filter' ? kept.condition : kept
  }

  it.each(['eq', 'ne', 'lt', 'ge', 'matches', 'notmatches', 'from', 'until', 'in', 'nin'])(
    'disappear with %s',
    (operator) => {
      expect(rest(leaf('__VOID__', operator))).toBeUndefined()
      expect(rest(leaf('{{ v }}', operator), { v: '__VOID__' })).toBeUndefined()
    },
  )

  it('disappear from combinations, with what is empty then', () => {
    expect(rest({ and: [leaf('__VOID__'), leaf(1)] })).toEqual({ and: [leaf(1)] })
    expect(rest({ and: [leaf('__VOID__'), { or: [leaf('__VOID__')] }] })).toBeUndefined()
    expect(rest({ or: [{ and: [leaf('__VOID__')] }, leaf(2)] })).toEqual({ or: [leaf(2)] })
    expect(rest(leaf(1, 'eq', '__VOID__'))).toBeUndefined()
  })

  it('disappear from lists, but not lists that were empty', () => {
    expect(rest(leaf(['__VOID__'], 'in'))).toBeUndefined()
    expect(rest(leaf(['{{ v }}'], 'in'), { v: '__VOID__' })).toBeUndefined()
    expect(rest(leaf(['__VOID__', 'x'], 'nin'))).toEqual(leaf(['x'], 'nin'))
    expect(rest(leaf([], 'in'))).toEqual(leaf([], 'in'))
  })

  it('leave null checks, other steps and domains alone', () => {
    expect(rest({ column: 'a', operator: 'isnull', value: '__VOID__' })).toEqual({ column: 'a', operator: 'isnull' })
    expect(step({ name: 'select', columns: ['__VOID__'] })).toEqual({ name: 'select', columns: ['__VOID__'] })
    expect(plain([{ name: 'domain', domain: '__VOID__' }])).toEqual([{ name: 'domain', domain: '__VOID__' }])
  })

  it('disappear in nested pipelines, and the places of the others stay', () => {
    const raw = [
      domain,
      { name: 'filter', condition: leaf('__VOID__') },
      {
        name: 'join',
        right_pipeline: [domain, { name: 'filter', condition: leaf('{{ v }}') }, { name: 'select', columns: ['a'] }],
        type: 'left',
        on: [['a', 'a']],
      },
    ]
    const [, join, ...more] = parsed(raw, { v: '__VOID__' })
    if (join?.name !== 'join') throw new Error('not a join')
    expect(more).toEqual([])
    expect(join[at]).toBe('/pipeline/2')
    expect(join.rightPipeline.map((inner) => [inner.name, inner[at]])).toEqual([
      ['domain', '/pipeline/2/right_pipeline/0'],
      ['select', '/pipeline/2/right_pipeline/2'],
    ])
  })
})
