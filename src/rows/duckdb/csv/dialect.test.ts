import { describe, expect, it } from 'vitest'
import { findDialect } from './dialect.ts'

const separatorOf = (text: string) => findDialect(text, true)?.separator

describe('the dialect of a CSV file', () => {
  it('has the separator of its header', () => {
    for (const separator of [',', ';', '\t', '|']) {
      expect(findDialect(`a${separator}b${separator}c\n1${separator}2${separator}3\n`, true)).toEqual({
        separator,
        quote: '"',
        escape: '"',
        width: 3,
      })
    }
    expect(findDialect('a|b', true)).toMatchObject({ separator: '|', width: 2 })
  })

  it('has the separator that fits the rows when several stand in the header', () => {
    expect(separatorOf('Price, EUR;Name\n1;x\n2;y\n')).toBe(';')
    expect(separatorOf('Price; net,Name\n1,x\n2,y\n')).toBe(',')
    expect(separatorOf('"Price, EUR";Name\n1;x\n')).toBe(';')
    expect(separatorOf('a|b,c\n"1,5"|2\n"2,5"|3\n')).toBe('|')
    expect(separatorOf('a,b;c;d\n')).toBe(';')
  })

  it('has a comma when no separator stands in the header', () => {
    expect(findDialect('text\nhello; world\nmore; text\n', true)).toMatchObject({ separator: ',', width: 1 })
  })

  it('is not mistaken for another one in a file that is malformed', () => {
    expect(findDialect(`a,b\n1,2\n3,"${'x;y\n'.repeat(1000)}`, true)).toMatchObject({ separator: ',', width: 2 })
    expect(findDialect('a,b,c\n1;2\n1;2\n1;2\n', true)).toMatchObject({ separator: ',', width: 3 })
  })

  it('has double quotes, or single ones when it begins with one', () => {
    expect(findDialect("'a';'b'\n'x;y';1\n", true)).toEqual({ separator: ';', quote: "'", escape: "'", width: 2 })
    expect(findDialect("a,b\n'x','y'\n", true)).toMatchObject({ quote: '"' })
    expect(findDialect("'tis,b\n'x','y'\n", true)).toMatchObject({ quote: '"', width: 2 })
  })

  it('has backslashes before quotes only when they escape these', () => {
    expect(findDialect('a,b\n"x\\"y",1\n', true)).toMatchObject({ escape: '\\', width: 2 })
    expect(findDialect('a,b\n"C:\\",1\n', true)).toMatchObject({ escape: '"' })
    expect(findDialect('a,b\n"x\\""y",1\n', true)).toMatchObject({ escape: '"' })
  })

  it('is found from a part of the file, if the header is in it', () => {
    expect(findDialect('a;b\n1;2\n1', false)).toMatchObject({ separator: ';', width: 2 })
    expect(findDialect('a;b', false)).toBeNull()
    expect(findDialect('"a\nb";"c', false)).toBeNull()
    expect(findDialect('"a\r\nb";c\r\n', false)).toMatchObject({ separator: ';', width: 2 })
  })

  it('is found after blank lines and a byte order mark', () => {
    expect(findDialect('\ufeff\n\r\na;b\n', true)).toMatchObject({ separator: ';', width: 2 })
    expect(findDialect('', true)).toBeNull()
    expect(findDialect('\n \n', true)).toBeNull()
  })

  it('is found quickly in long texts', () => {
    const started = performance.now()
    for (const text of [
      `a,b\n"${'x""'.repeat(300_000)}`,
      `a${','.repeat(1_000_000)}`,
      `a,b\n${'"\n'.repeat(500_000)}`,
      `"a\\"b${'\\'.repeat(999_999)}`,
    ]) {
      findDialect(text, true)
    }
    expect(performance.now() - started).toBeLessThan(5000)
  })
})
