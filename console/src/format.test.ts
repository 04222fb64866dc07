import { describe, expect, it } from 'vitest'
import type { Cell, Column } from './api/types.ts'
import { formatCell, formatCount, formatNumber, formatShort, formatTick, namesThings, noValue } from './format.ts'

const column = (type: Column['type'], name = 'x'): Column => ({ name, type })

describe('formatCell', () => {
  it.each<[string, Cell | undefined, Column, string]>([
    ['no value', null, column('integer'), noValue],
    ['an absent value', undefined, column('text'), noValue],
    ['a zero', 0, column('integer'), '0'],
    ['an empty text', '', column('text'), ''],
    ['a whole number', 7043545, column('integer'), '7,043,545'],
    ['a negative number', -1234.5, column('number'), '-1,234.5'],
    ['a small number', 0.003421545, column('number'), '0.003421545'],
    ['a sum of binary fractions', 0.1 + 0.2, column('number'), '0.3'],
    ['an integer beyond 2^53, digit for digit', '9007199254740993', column('integer'), '9,007,199,254,740,993'],
    ['an integer column that holds a word', 'many', column('integer'), 'many'],
    ['a text of digits', '0123', column('text'), '0123'],
    ['a year', 1990, column('integer', 'Year'), '1990'],
    ['a key beyond 2^53', '9007199254740993', column('integer', 'order_id'), '9007199254740993'],
    ['true', true, column('boolean'), 'yes'],
    ['false', false, column('boolean'), 'no'],
    ['a day', '1990-01-08T00:00:00.000Z', column('date'), '1990-01-08'],
    ['a minute', '1990-01-08T13:05:00.000Z', column('date'), '1990-01-08 13:05'],
    ['a second', '1990-01-08T00:00:07.000Z', column('date'), '1990-01-08 00:00:07'],
    ['a millisecond', '1990-01-08T13:05:09.120Z', column('date'), '1990-01-08 13:05:09.120'],
    ['a date before year 0', '-000001-01-01T00:00:00.000Z', column('date'), '-000001-01-01T00:00:00.000Z'],
    ['a text that looks like a date', '1990-01-08T00:00:00.000Z', column('text'), '1990-01-08T00:00:00.000Z'],
  ])('shows %s', (...[, value, of, words]) => {
    expect(formatCell(value, of)).toBe(words)
  })
})

describe('numbers', () => {
  it('groups counts', () => {
    expect(formatCount(10_000)).toBe('10,000')
  })

  it('gives the numbers of a chart the same digits', () => {
    expect([132, 120.649].map((value) => formatNumber(value, 1))).toEqual(['132.0', '120.6'])
  })

  it('shortens what is long, and only that', () => {
    expect([99_999, 39_250_017].map((value) => formatShort(value, 0))).toEqual(['99,999', '39.3M'])
    expect([0, 0.002, 350, 10_000_000].map(formatTick)).toEqual(['0', '0.002', '350', '10M'])
  })

  it.each([
    ['id', true],
    ['order_id', true],
    ['Fiscal Year', true],
    ['ZIP', true],
    ['paid', false],
    ['yearly sum', false],
    ['decode', false],
  ])('knows whether the numbers of %s name things: %s', (name, names) => {
    expect(namesThings({ name, type: 'integer' })).toBe(names)
  })
})
