import fc from 'fast-check'
import { date, integer, name, number, orNull, text } from './tables.ts'

const patterns = [
  'a',
  '^a$',
  '(?i)A',
  '^$',
  'é|ß',
  '[^a]',
  '\\s',
  '\\bb',
  '\\d{1,2}',
  '(?m)^b',
  '\\pL',
  '😀',
  '\\.',
  '1.?e',
  '(?s)a.b',
  'a{0,300}b',
]
const comparison = fc.constantFrom('eq', 'ne', 'lt', 'le', 'gt', 'ge')
const leaf = fc.oneof(
  fc.record({
    column: fc.constantFrom('i', 'j'),
    operator: comparison,
    value: fc.oneof(orNull(integer), fc.constantFrom(0.5, 1e300, 'x')),
  }),
  fc.record({ column: fc.constantFrom('n', 'm'), operator: comparison, value: orNull(number) }),
  fc.record({ column: fc.constantFrom('t', 'u'), operator: comparison, value: orNull(text) }),
  fc.record({ column: fc.constant('b'), operator: comparison, value: orNull(fc.boolean()) }),
  fc.record({ column: fc.constant('d'), operator: comparison, value: orNull(date) }),
  fc.record({ column: fc.constant('d'), operator: fc.constantFrom('from', 'until'), value: date }),
  fc.record({
    column: fc.constantFrom('t', 'u', 'i'),
    operator: fc.constantFrom('in', 'nin'),
    value: fc.array(orNull(fc.oneof(text, integer)), { maxLength: 4 }),
  }),
  fc.record({
    column: fc.constantFrom('t', 'u', 'i', 'n', 'm'),
    operator: fc.constantFrom('matches', 'notmatches'),
    value: fc.constantFrom(...patterns),
  }),
  fc.record({ column: name, operator: fc.constantFrom('isnull', 'notnull') }),
)
export const condition = fc.oneof(
  { weight: 3, arbitrary: leaf },
  fc.array(leaf, { minLength: 1, maxLength: 3 }).map((or) => ({ or })),
  fc.array(leaf, { minLength: 1, maxLength: 3 }).map((and) => ({ and })),
)

export const { formula } = fc.letrec<{ formula: string }>((tie) => ({
  formula: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom('i', 'j', 'n', 'm', '0', '2', '0.5', '9223372036854775807', '1e300', 'null'),
    fc
      .tuple(tie('formula'), fc.constantFrom('+', '-', '*', '/', '%'), tie('formula'))
      .map(([a, o, b]) => `(${a} ${o} ${b})`),
    tie('formula').map((inner) => `-(${inner})`),
  ),
}))
export const textFormula = fc.constantFrom('t + u', "'x' + t", "u + ' ' + t + ''", 'null + t')
