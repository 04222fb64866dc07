import { describe, expect, it } from 'vitest'
import { isProblem } from '../base/index.ts'
import {
  compileTemplate,
  isTemplate,
  maxTemplateLength,
  type TemplateOptions,
  type TemplateVariables,
} from './index.ts'

const render = (text: string, variables: TemplateVariables = {}, options: TemplateOptions = {}) =>
  compileTemplate(text, options).render(variables)

const refusal = (text: string, options: TemplateOptions = {}) => {
  try {
    compileTemplate(text, options)
  } catch (error) {
    if (isProblem(error)) return { code: error.code, message: error.message, position: error.errors[0]?.position }
    throw error
  }
  return undefined
}

describe('a template', () => {
  it('is a text with {{ or {%, not one with a comment only', () => {
    expect(isTemplate('{{ a }}')).toBe(true)
    expect(isTemplate('x{% if a %}y{% endif %}')).toBe(true)
    for (const text of ['', '{', '}}', '{ {a} }', '{# note #}', '100 %', '%(a)s', '$a'])
      expect(isTemplate(text)).toBe(false)
  })

  const date = new Date('2022-10-17T17:30:12.345Z')
  it.each<[string, TemplateVariables, unknown]>([
    ['{{ a }}', { a: 'FR' }, 'FR'],
    ['{{ a }}', { a: '1' }, '1'],
    ['{{ a }}', { a: 1.5 }, 1.5],
    ['{{ a }}', { a: false }, false],
    ['{{ a }}', { a: null }, null],
    ['{{ a }}', { a: [1, '2', null] }, [1, '2', null]],
    ['{{ a }}', { a: { b: [1] } }, { b: [1] }],
    ['{{ a }}', { a: date }, date],
    ['{{ a.b["c d"][0] }}', { a: { b: { 'c d': ['x'] } } }, 'x'],
    ['{{ a[-1] }}', { a: [1, 2] }, 2],
    ['{{ a if a else 3 }}', {}, 3],
    ['{{ a | default(5) }}', {}, 5],
    ['{{ a.b.c | default(5) }}', {}, 5],
    ["{{ (user or dict()).get('attributes', dict()).get('X', 250) }}", {}, 250],
    ['{{ a + b }}', { a: 40, b: 2 }, 42],
    ['{{ a | length }}', { a: 'abc' }, 3],
    ["{{ a == 'x' }}", { a: 'x' }, true],
    ["{{ a in ['x'] }}", { a: 'x' }, true],
    ["{{ a.split('-') }}", { a: 'x-y' }, ['x', 'y']],
    ["{{ ['x', 'y'] | join(',') }}", {}, 'x,y'],
    ["{{ '{{' }}", {}, '{{'],
    ['{{ d[:10] }}', { d: date }, '2022-10-17'],
    ['{{ d if true else 1 }}', { d: date }, date],
    ['{{ [d] }}', { d: date }, [date]],
    ['day {{ d }}', { d: date }, 'day 2022-10-17T17:30:12.345Z'],
    ['{{a}}{{b}}', { a: 1, b: 2 }, '12'],
    ['{{ a }} ', { a: 1 }, '1 '],
    ['a\n{{ a }}\n', { a: 'x' }, 'a\nx\n'],
    ['{% if a %}1{% else %}2{% endif %}', { a: 0 }, 2],
    ['{% if a %}{{ a }}{% endif %}', { a: 0 }, null],
    ['{% if a %}{{ b }}{% elif c %}{{ c }}{% endif %}', { c: [1] }, [1]],
    ['{% for x in a %}<{{ x }}>{% endfor %}', { a: [1, 2] }, '<1><2>'],
    ['{{ a }}', { a: '{{ b }}', b: 'no' }, '{{ b }}'],
    ['{{ true }}', { true: 'mine' }, true],
  ])('%s with %o gives %o', (text, variables, value) => {
    expect(render(text, variables)).toEqual({ value })
  })

  it.each<[string, TemplateVariables, string]>([
    ['{{ a }}', {}, 'a'],
    ['x{{ a }}', {}, 'a'],
    ['x{{ a.b }}', {}, 'a.b'],
    ['{{ user.attributes.airline }}', { user: { attributes: {} } }, 'user.attributes.airline'],
    ['{{ a }}-{{ b }}', { a: 'x' }, 'b'],
    ['x{{ a }}', { a: null }, 'a'],
    ["{{ a ~ 'x' }}", {}, 'a'],
    ["{{ a == 'x' }}", {}, 'a'],
    ["{{ 'x' in a }}", {}, 'a'],
    ['{{ a.upper() }}', {}, 'a.upper'],
    ['{{ a.upper() }}', { a: 1 }, 'a.upper'],
    ['{{ a.b.upper() }}', { a: {} }, 'a.b.upper'],
    ['{{ a if b }}', { a: 1, b: false }, 'the expression'],
    ['{{ [1, a] }}', {}, 'a'],
    ['{{ a | first }}', { a: [] }, 'a|first'],
    ['{{ a.get }}', { a: {} }, 'a.get'],
    ['{{ [a.get][0] }}', { a: {} }, 'a.get'],
  ])('%s with %o names what is undefined: %s', (text, variables, undefinedName) => {
    expect(render(text, variables)).toEqual({ undefinedName })
  })

  it.each([
    'constructor',
    '__proto__',
    'a.constructor',
    'a.__proto__',
    'a["constructor"]',
    'a.b.constructor.name',
    'a.toString',
    'a["__proto__"]["polluted"]',
    'list.map',
    'list.constructor',
    'namespace',
    'range',
    'text.__class__',
    'hasOwnProperty',
  ])('cannot reach %s', (path) => {
    const variables = { a: { b: {} }, list: [1], text: 'x' }
    expect(render(`{{ ${path} }}`, variables)).toHaveProperty('undefinedName')
    expect(render(`{{ ${path} | default('nothing') }}`, variables)).toEqual({ value: 'nothing' })
    expect(render(`-{{ ${path} }}-`, variables)).toHaveProperty('undefinedName')
  })

  it('does not call what is not a method of the subset', () => {
    for (const call of [
      'range(10)',
      "''.constructor()",
      "a['get']('b')",
      'raise_exception("x")',
      'namespace()',
      'a.b()',
      'strftime_now("%Y")',
    ]) {
      expect(refusal(`{{ ${call} }}`)?.message).toContain('cannot be called')
    }
    for (const filter of ['tojson', 'indent(100)', 'selectattr("x")', 'safe'])
      expect(refusal(`{{ a | ${filter} }}`)?.message).toContain('no filter')
    for (const statement of [
      '{% set a = 1 %}',
      '{% macro m() %}{% endmacro %}',
      '{% filter upper %}x{% endfilter %}',
    ]) {
      expect(refusal(statement)?.message).toContain('cannot be used')
    }
  })

  it.each<[string, number]>([
    ['{{', 0],
    ['abc {{ a', 4],
    ['{{ a }} {{ b + }}', 8],
    ['{{ }}', 0],
    ['{{ a b }}', 0],
    ['{{ "x }}', 0],
    ['x{% if %}{% endif %}', 1],
    ['{{ a }}{% if b %}', 7],
    ['{{ a }}{% nonsense %}', 7],
    ['{{ § }}', 0],
  ])('%s does not parse at %i', (text, position) => {
    expect(refusal(text)).toMatchObject({ code: 'pipeline_invalid', position })
  })

  it('stops work that grows without bound', () => {
    const list = Array.from({ length: 200 }, (_, index) => index)
    const loops = '{% for a in l %}{% for b in l %}{% for c in l %}{% endfor %}{% endfor %}{% endfor %}'
    const growing = '{{ a | replace("x", a) | replace("x", a) | replace("x", a) | replace("x", a) }}'
    for (const text of [loops, growing, '{{ l | join(a) | replace("x", a) }}']) {
      expect(() => render(text, { l: list, a: 'x'.repeat(9000) })).toThrow(/too much work/)
    }
    expect(() => render(`{{ ${'('.repeat(4000)}1${')'.repeat(4000)} }}`)).toThrow(/too deep/)
    expect(refusal(`{{ ${'-'.repeat(9000)}1 }}`)?.message).toMatch(/too deep|cannot be evaluated/)
    expect(refusal(`{{ a }}${' '.repeat(maxTemplateLength)}`)?.message).toContain('10000 characters')
    // A long list that is only handed on is not work.
    const long = Array.from({ length: 50_000 }, (_, index) => index)
    expect(render('{{ l }}', { l: long })).toEqual({ value: long })
  })

  it('says what does not fit instead of guessing', () => {
    expect(() => render('{{ a * 2 }}', { a: 'x' })).toThrow(/cannot be evaluated/)
    expect(() => render('{{ a.upper() + 1 }}', { a: 'x' })).not.toThrow()
    expect(() => render('{{ a | upper }}', { a: 1 })).toThrow(/cannot be evaluated/)
  })
})

describe('a template of a permission', () => {
  const strict = { expressionsOnly: true }

  it.each<[string, TemplateVariables]>([
    ['{{ user.a }}', { user: {} }],
    ['{{ user.a }}', { user: { a: null } }],
    ['{{ user.a }}', { user: { a: '' } }],
    ['^{{ user.a }}', { user: { a: '' } }],
    ['^{{ user.a }}', { user: { a: null } }],
    ["{{ user.a ~ '.*' }}", { user: { a: '' } }],
    ["{{ user.a ~ '.*' }}", { user: {} }],
    ["{{ user.a or '.*' }}", { user: {} }],
    ["{{ 'x' if user.a else 'everything' }}", { user: {} }],
    ['{{ not user.a }}', { user: {} }],
    ["{{ user.a == 'x' }}", { user: { a: '' } }],
    ['{{ user.a[:1] }}', { user: { a: '' } }],
    ['{{ user.a.upper() }}', { user: { a: '' } }],
    ["{{ user['a'] | upper }}", { user: { a: null } }],
    ['{{ [user.a, "x"] }}', { user: {} }],
    ['{{ parameter }}', { user: { a: 'x' } }],
  ])('%s with %o is undefined, whatever the rest says', (text, variables) => {
    const outcome = (() => {
      try {
        return render(text, variables, strict)
      } catch (error) {
        return isProblem(error) ? { undefinedName: error.message } : { value: error }
      }
    })()
    expect(outcome).toHaveProperty('undefinedName')
  })

  it('takes an explicit default', () => {
    expect(render("{{ user.a | default('FR') }}", { user: {} }, strict)).toEqual({ value: 'FR' })
    expect(render("{{ 'set' if user.a is defined else 'unset' }}", { user: {} }, strict)).toEqual({ value: 'unset' })
  })

  it('keeps types', () => {
    expect(render('{{ user.groups }}', { user: { groups: ['a', 'b'] } }, strict)).toEqual({ value: ['a', 'b'] })
    expect(render('{{ user.level }}', { user: { level: 0 } }, strict)).toEqual({ value: 0 })
    expect(render('{{ user.active }}', { user: { active: false } }, strict)).toEqual({ value: false })
  })

  it('has expressions only', () => {
    for (const text of ['{% if user.a %}x{% endif %}', '{% for g in user.groups %}{{ g }}{% endfor %}']) {
      expect(refusal(text, strict)).toMatchObject({
        code: 'permission_invalid',
        message: 'Only {{ … }} can be used here.',
      })
    }
    expect(refusal('{{ user. }}', strict)).toMatchObject({ code: 'permission_invalid', position: 0 })
  })
})
