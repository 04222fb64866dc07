import { describe, expect, it } from 'vitest'
import { isProblem, type ProblemItem } from '../base/index.ts'
import {
  at,
  maxPipelineDepth,
  maxSteps,
  type ParseOptions,
  type Pipeline,
  parsePipeline,
  renderPipeline,
  type TemplateVariables,
} from './index.ts'

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

describe('the domain', () => {
  it('comes from the request or leads the pipeline', () => {
    expect(plain([], {}, { domain: 'sales' })).toEqual([domain])
    expect(plain([domain])).toEqual([domain])
    expect(plain([domain], {}, { domain: 'sales' })).toEqual([domain])
    expect(parsed([], {}, { domain: 'sales' })[0][at]).toBe('/domain')
    expect(parsed([domain], {}, { at: '/query/steps' })[0][at]).toBe('/query/steps/0')
  })

  it('is named once, and only at the beginning', () => {
    expect(refusal([])).toMatchObject([{ path: '/pipeline' }])
    expect(refusal([{ name: 'select', columns: ['a'] }])).toMatchObject([{ path: '/pipeline' }])
    expect(refusal([domain], { domain: 'costs' })).toMatchObject([
      { path: '/pipeline/0', step: { index: 0, name: 'domain' } },
    ])
    expect(refusal([domain, domain])).toMatchObject([{ path: '/pipeline/1', step: { index: 1, name: 'domain' } }])
    expect(refusal([{ name: 'select', columns: ['a'] }, domain], { domain: 'sales' })).toMatchObject([
      { path: '/pipeline/1' },
    ])
    for (const raw of [
      {},
      { domain: '' },
      { domain: 5 },
      { domain: null },
      { domain: 'a', rule: { always: true } },
      { domain: ['a'] },
    ]) {
      expect(refusal([{ name: 'domain', ...raw }])[0]).toMatchObject({ step: { index: 0, name: 'domain' } })
    }
  })

  it('is never rendered', () => {
    const braces = { name: 'domain', domain: '{{ secret }}' }
    const join = { name: 'join', right_pipeline: '{{ secret }}', type: 'left', on: [['{{ key }}', 'k']] }
    expect(plain([braces, join], { secret: 'x', key: 'k' })).toEqual([
      braces,
      { name: 'join', rightPipeline: [braces], type: 'left', on: [['k', 'k']] },
    ])
  })

  it('is a reference to a query that is not there', () => {
    const ref = { type: 'ref', uid: 'x' }
    expect(refusal([{ name: 'domain', domain: ref }])).toEqual([
      { path: '/pipeline/0/domain', message: 'There is no query "x" to refer to.' },
    ])
  })
})

describe('the shape of steps', () => {
  it.each<[string, object, object]>([
    [
      'snake_case',
      { name: 'top', rank_on: 'a', sort: 'asc', limit: 3, groups: ['g'] },
      { name: 'top', rankOn: 'a', sort: 'asc', limit: 3, groups: ['g'] },
    ],
    [
      'camelCase',
      { name: 'top', rankOn: 'a', sort: 'asc', limit: 3 },
      { name: 'top', rankOn: 'a', sort: 'asc', limit: 3, groups: [] },
    ],
    [
      'numbers as text, null for nothing',
      { name: 'top', rankOn: 'a', sort: 'desc', limit: ' 3 ', groups: null },
      { name: 'top', rankOn: 'a', sort: 'desc', limit: 3, groups: [] },
    ],
    ['one column for a list', { name: 'select', column: 'a' }, { name: 'select', columns: ['a'] }],
    ['delete with one column', { name: 'delete', column: 'a' }, { name: 'delete', columns: ['a'] }],
    ['old and new name', { name: 'rename', oldname: 'a', newname: 'b' }, { name: 'rename', toRename: [['a', 'b']] }],
    ['to_rename', { name: 'rename', to_rename: [['a', 'b']] }, { name: 'rename', toRename: [['a', 'b']] }],
    [
      'aggregations in the singular',
      { name: 'aggregate', on: ['g'], aggregations: [{ newcolumn: 'n', aggfunction: 'sum', column: 'a' }] },
      {
        name: 'aggregate',
        on: ['g'],
        aggregations: [{ newColumns: ['n'], aggFunction: 'sum', columns: ['a'] }],
        keepOriginalGranularity: false,
        countNulls: false,
      },
    ],
    [
      'aggregations in every spelling',
      {
        name: 'aggregate',
        keep_original_granularity: true,
        countNulls: true,
        aggregations: [{ new_columns: ['n'], agg_function: 'count distinct', columns: ['a'] }],
      },
      {
        name: 'aggregate',
        on: [],
        aggregations: [{ newColumns: ['n'], aggFunction: 'count distinct', columns: ['a'] }],
        keepOriginalGranularity: true,
        countNulls: true,
      },
    ],
    [
      'a formula that is a number',
      { name: 'formula', new_column: 'n', formula: 1.5 },
      { name: 'formula', newColumn: 'n', formula: '1.5' },
    ],
    [
      'a join with a domain name',
      { name: 'join', right_pipeline: 'costs', type: 'left outer', on: [['a', 'b']] },
      { name: 'join', rightPipeline: [{ name: 'domain', domain: 'costs' }], type: 'left', on: [['a', 'b']] },
    ],
  ])('takes %s', (_, raw, expected) => {
    expect(step(raw)).toEqual(expected)
  })

  it.each<[object, string, object?]>([
    [
      { name: 'selekt', columns: ['a'] },
      '/pipeline/1/name',
      { nearest: expect.arrayContaining(['select']), step: { index: 1, name: 'selekt' } },
    ],
    [{ name: 'constructor' }, '/pipeline/1/name'],
    [{ name: '__proto__' }, '/pipeline/1/name'],
    [{ columns: ['a'] }, '/pipeline/1'],
    [{ name: 'select' }, '/pipeline/1/columns', { message: 'This field is required.' }],
    [{ name: 'select', columns: [] }, '/pipeline/1/columns'],
    [{ name: 'select', columns: ['a', 5] }, '/pipeline/1/columns/1'],
    [{ name: 'select', columns: ['a', ''] }, '/pipeline/1/columns/1'],
    [{ name: 'select', colums: ['a'] }, '/pipeline/1/colums', { nearest: ['columns'] }],
    [{ name: 'select', columns: ['a'], column: 'b' }, '/pipeline/1/column'],
    [{ name: 'select', columns: ['a'], $where: 'x' }, '/pipeline/1/$where'],
    [{ name: 'top', rank_on: 'a', rankOn: 'b', sort: 'asc', limit: 1 }, '/pipeline/1/rankOn'],
    [{ name: 'top', rank_on: 'a', sort: 'up', limit: 1 }, '/pipeline/1/sort'],
    [{ name: 'top', rank_on: 'a', sort: 'asc', limit: 1.5 }, '/pipeline/1/limit'],
    [{ name: 'top', rank_on: 'a', sort: 'asc', limit: -1 }, '/pipeline/1/limit'],
    [{ name: 'top', rank_on: 'a', sort: 'asc', limit: '1; drop' }, '/pipeline/1/limit'],
    [{ name: 'top', rank_on: 5, sort: 'asc', limit: 1 }, '/pipeline/1/rank_on'],
    [{ name: 'sort', columns: [{ column: 'a', order: 'asc', nulls: 'first' }] }, '/pipeline/1/columns/0/nulls'],
    [{ name: 'sort', columns: [{ column: 'a' }] }, '/pipeline/1/columns/0/order'],
    [{ name: 'sort', columns: ['a'] }, '/pipeline/1/columns/0'],
    [{ name: 'rename', to_rename: [['a']] }, '/pipeline/1/to_rename/0'],
    [{ name: 'rename', oldname: 'a' }, '/pipeline/1'],
    [{ name: 'aggregate', on: [], aggregations: [] }, '/pipeline/1'],
    [
      { name: 'aggregate', aggregations: [{ newcolumns: ['x'], aggfunction: 'median', columns: ['a'] }] },
      '/pipeline/1/aggregations/0/aggfunction',
    ],
    [
      { name: 'aggregate', aggregations: [{ newcolumns: ['x', 'y'], aggfunction: 'sum', columns: ['a'] }] },
      '/pipeline/1/aggregations/0',
    ],
    [
      { name: 'aggregate', aggregations: [{ newcolumns: ['x'], aggfunction: 'sum', columns: ['a'], filter: 1 }] },
      '/pipeline/1/aggregations/0/filter',
    ],
    [{ name: 'formula', new_column: 'n', formula: { a: 1 } }, '/pipeline/1/formula'],
    [{ name: 'formula', new_column: 'n', formula: '1 +' }, '/pipeline/1/formula', { position: 3 }],
    [{ name: 'filter' }, '/pipeline/1/condition'],
    [
      { name: 'filter', condition: { and: [{ column: 'a', operator: 'nope', value: 1 }] } },
      '/pipeline/1/condition/and/0/operator',
    ],
    [
      { name: 'filter', condition: { column: 'a', operator: 'matches', value: '(' } },
      '/pipeline/1/condition/value',
      { position: 1 },
    ],
    [{ name: 'join', right_pipeline: [], type: 'left', on: [['a', 'a']] }, '/pipeline/1/right_pipeline'],
    [{ name: 'join', right_pipeline: '', type: 'left', on: [['a', 'a']] }, '/pipeline/1/right_pipeline'],
    [{ name: 'join', right_pipeline: 5, type: 'left', on: [['a', 'a']] }, '/pipeline/1/right_pipeline'],
    [{ name: 'join', type: 'left', on: [['a', 'a']] }, '/pipeline/1/right_pipeline'],
    [{ name: 'join', right_pipeline: 'x', type: 'cross', on: [['a', 'a']] }, '/pipeline/1/type'],
    [{ name: 'join', right_pipeline: 'x', type: 'left', on: [] }, '/pipeline/1/on'],
    [
      { name: 'join', right_pipeline: [{ name: 'select', columns: ['a'] }], type: 'left', on: [['a', 'a']] },
      '/pipeline/1/right_pipeline',
    ],
    [
      { name: 'join', right_pipeline: [domain, { name: 'top' }], type: 'left', on: [['a', 'a']] },
      '/pipeline/1/right_pipeline/1/limit',
      { step: { index: 1, name: 'top' } },
    ],
  ])('refuses %o at %s', (raw, path, details = {}) => {
    const errors = stepErrors(raw)
    const found = errors.find(
      (error) =>
        error.path === path ||
        (error.path === path.replace('right_pipeline', 'rightPipeline') && !('right_pipeline' in raw)),
    )
    expect(found, JSON.stringify(errors)).toMatchObject(details)
  })

  it('refuses what is no pipeline', () => {
    for (const raw of [null, undefined, {}, 'x', 5, { steps: [] }])
      expect(refusal(raw, { domain: 'sales' })).toMatchObject([{ path: '/pipeline' }])
    for (const raw of [[null], ['domain'], [[]], [5]])
      expect(refusal(raw, { domain: 'sales' })).toMatchObject([{ path: '/pipeline/0' }])
  })

  it('lists everything at once, with the index in what was sent', () => {
    const raw = [
      { name: 'select', colums: ['a'] },
      { name: 'top', rank_on: 'a', sort: 'asc', limit: 'x' },
      { name: 'join', right_pipeline: [domain, { name: 'nope' }], type: 'left', on: [['a']] },
    ]
    expect(
      refusal(raw, { domain: 'sales' }).map(({ path, step: { index, name } = { index: -1, name: '' } }) => [
        path,
        index,
        name,
      ]),
    ).toEqual([
      ['/pipeline/0/colums', 0, 'select'],
      ['/pipeline/0/columns', 0, 'select'],
      ['/pipeline/1/limit', 1, 'top'],
      ['/pipeline/2/right_pipeline/1/name', 1, 'nope'],
      ['/pipeline/2/on/0', 2, 'join'],
    ])
  })

  it('has bounds', () => {
    const select = { name: 'select', columns: ['a'] }
    expect(parsed([domain, ...Array(maxSteps - 1).fill(select)])).toHaveLength(maxSteps)
    expect(refusal([domain, ...Array(maxSteps).fill(select)])).toMatchObject([{ path: `/pipeline/${maxSteps}` }])
    expect(refusal([domain, ...Array(100_000).fill(select)])).toHaveLength(1)
    const nested = (depth: number): object[] => [
      domain,
      ...(depth === 0 ? [] : [{ name: 'join', right_pipeline: nested(depth - 1), type: 'left', on: [['a', 'a']] }]),
    ]
    expect(parsed(nested(maxPipelineDepth))).toHaveLength(2)
    expect(refusal(nested(maxPipelineDepth + 1))[0]?.message).toContain('levels deep')
    const wide = [
      domain,
      ...Array(3).fill({
        name: 'join',
        right_pipeline: [domain, ...Array(80).fill(select)],
        type: 'left',
        on: [['a', 'a']],
      }),
    ]
    expect(refusal(wide)[0]?.message).toContain(`at most ${maxSteps}`)
    let deep: unknown = 'x'
    for (let level = 0; level < 50_000; level++) deep = [deep]
    expect(stepErrors({ name: 'select', columns: deep })[0]).toMatchObject({
      path: '/pipeline/1/columns',
      message: expect.stringContaining('too deep'),
    })
  })

  it('keeps the place of each step', () => {
    const [, join] = parsed([
      domain,
      { name: 'join', right_pipeline: [domain, { name: 'select', column: 'a' }], type: 'left', on: [['a', 'a']] },
    ])
    if (join?.name !== 'join') throw new Error('not a join')
    expect(join[at]).toBe('/pipeline/1')
    expect(join.rightPipeline.map((inner) => inner[at])).toEqual([
      '/pipeline/1/right_pipeline/0',
      '/pipeline/1/right_pipeline/1',
    ])
    expect(Object.keys(join)).not.toContain('at')
  })
})
