import fc from 'fast-check'
import type { Column, Value } from '../../../src/pipeline/index.ts'
import type { Table } from '../table.ts'

const columns: readonly Column[] = [
  { name: 'i', type: 'integer' },
  { name: 'j', type: 'integer' },
  { name: 'n', type: 'number' },
  { name: 'm', type: 'number' },
  { name: 't', type: 'text' },
  { name: 'u', type: 'text' },
  { name: 'b', type: 'boolean' },
  { name: 'd', type: 'date' },
]

export const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { freq: 5 })
export const integer = fc.constantFrom<Value>(
  0,
  1,
  -1,
  7,
  2 ** 53 - 1,
  2n ** 53n + 1n,
  2n ** 63n - 1n,
  -(2n ** 63n),
  3n ** 39n,
)
export const number = fc.oneof(
  fc.constantFrom(
    0,
    -0,
    0.1,
    0.2,
    0.3,
    -5.5,
    1e15,
    1e21,
    5e-324,
    1e-310,
    1e-7,
    1e200,
    Number.MAX_VALUE,
    -Number.MAX_VALUE,
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
)
/** Their sums are exact in any order. */
const quarter = fc.integer({ min: -4_000_000, max: 4_000_000 }).map((value) => value / 4)
const texts = [
  '',
  ' ',
  'a',
  'A',
  'a ',
  'b',
  'é',
  'e\u0301',
  'ß',
  '😀',
  '\uFFFD',
  "'",
  '\\',
  '%',
  '_',
  '{{x}}',
  '`"]',
  '10',
  'a\nb',
]
export const text = fc.constantFrom(...texts)
export const date = fc
  .constantFrom(
    '2024-02-29T00:00:00.000Z',
    '2024-02-29T12:30:01.250Z',
    '1969-12-31T23:59:59.999Z',
    '1000-01-01T00:00:00.000Z',
    '9999-12-31T23:59:59.999Z',
  )
  .map((iso) => new Date(iso))

const row = fc.tuple(
  orNull(integer),
  orNull(fc.integer({ min: -3, max: 3 })),
  orNull(number),
  orNull(quarter),
  orNull(text),
  orNull(text),
  orNull(fc.boolean()),
  orNull(date),
)
export const table: fc.Arbitrary<Table> = fc.array(row, { maxLength: 12 }).map((rows) => ({ columns, rows }))

export const name = fc.constantFrom('i', 'j', 'n', 'm', 't', 'u', 'b', 'd')

/** Texts that are numbers, booleans or dates, or nearly. */
const readable = fc.constantFrom(
  '1',
  ' 42 ',
  '-7.9',
  '+.5',
  '5.',
  '1e3',
  '1E400',
  '-1e-400',
  '9223372036854775807',
  '9223372036854775808',
  '0x10',
  '1_000',
  'true',
  'FALSE',
  ' 0',
  'nan',
  '2024-02-29',
  '2023-02-29',
  '2024-13-01',
  '2024-02-29T23:59:59.999Z',
  '2024-02-29 10:00+02:00',
  '2024-03-10T00:30:00-0130',
  '29/02/2024',
  '12 mars 2024',
  'abc,def',
  ',',
  ',,',
  'aXbXc',
  '\u00a0x\u2003',
  'ÀÉÎ',
  'straße',
  'ΑΣ',
  '',
)
const richRow = fc.tuple(
  orNull(integer),
  orNull(fc.integer({ min: -3, max: 3 })),
  orNull(number),
  orNull(quarter),
  orNull(fc.oneof(text, readable)),
  orNull(readable),
  orNull(fc.boolean()),
  orNull(fc.integer({ min: -2_000, max: 2_000 }).map((hours) => new Date(Date.UTC(2024, 1, 29) + hours * 3_600_250))),
)
export const richTable: fc.Arbitrary<Table> = fc.array(richRow, { maxLength: 10 }).map((rows) => ({ columns, rows }))
