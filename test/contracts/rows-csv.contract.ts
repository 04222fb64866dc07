import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isProblem, type Problem } from '../../src/base/index.ts'
import type { VersionInfo } from '../../src/rows/index.ts'

export interface CsvUnderTest {
  ingest(content: string | Uint8Array, signal?: AbortSignal): Promise<VersionInfo>
  fetched(info: VersionInfo): Promise<Record<string, unknown>[]>
}

/** What every rows adapter must make of a CSV file. Part of `rowsContract`. */
export function csvContract(under: () => CsvUnderTest, manyRows: number): void {
  async function table(content: string | Uint8Array): Promise<unknown[]> {
    const info = await under().ingest(content)
    return [info.columns.map(({ name }) => name), ...(await under().fetched(info)).map((row) => Object.values(row))]
  }

  async function typed(...values: string[]): Promise<unknown[]> {
    const info = await under().ingest(`v;other\n${values.map((value) => `${value};x\n`).join('')}`)
    return [info.columns[0]?.type, ...(await under().fetched(info)).map(({ v }) => v)]
  }

  async function refused(content: string | Uint8Array): Promise<Problem> {
    const error = await under()
      .ingest(content)
      .then(
        (info) => new Error(`it was read: ${JSON.stringify(info)}`),
        (raised: unknown) => raised,
      )
    if (!isProblem(error, 'csv_invalid')) throw error
    expect(error.message).not.toBe('')
    for (const each of error.errors) expect(each.path).toBe('/file')
    expect(error.errors.length).toBeGreaterThan(0)
    return error
  }

  describe('a CSV file', () => {
    it('becomes a version with its header, types and rows in their order', async () => {
      const info = await under().ingest(
        'id,name,price,at,ok\n1,Anna,1.5,2024-01-31,true\n2,,2,2024-02-01T10:00:00Z,false\n',
      )
      expect(info).toMatchObject({ app: 'shop', domain: 'sales', count: 2 })
      expect(info.columns).toEqual([
        { name: 'id', type: 'integer' },
        { name: 'name', type: 'text' },
        { name: 'price', type: 'number' },
        { name: 'at', type: 'date' },
        { name: 'ok', type: 'boolean' },
      ])
      expect(await under().fetched(info)).toEqual([
        { id: 1, name: 'Anna', price: 1.5, at: '2024-01-31T00:00:00.000Z', ok: true },
        { id: 2, name: null, price: 2, at: '2024-02-01T10:00:00.000Z', ok: false },
      ])
    })

    it('is separated by commas, semicolons, tabs or bars', async () => {
      for (const separator of [',', ';', '\t', '|']) {
        const content = ['a,b,c', '1,x,2', '3,y,4'].join('\n').replaceAll(',', separator)
        expect(await table(content)).toEqual([
          ['a', 'b', 'c'],
          [1, 'x', 2],
          [3, 'y', 4],
        ])
      }
      expect(await table('"Price, EUR";b\n1;"x;y"\n')).toEqual([
        ['Price, EUR', 'b'],
        [1, 'x;y'],
      ])
      expect(await table('only\n1\n2\n')).toEqual([['only'], [1], [2]])
    })

    it('may have lines that end in any way, also with line ends in quotes', async () => {
      for (const end of ['\n', '\r\n', '\r']) {
        expect(await table(['a,b', '1,x', '2,y'].join(end))).toEqual([
          ['a', 'b'],
          [1, 'x'],
          [2, 'y'],
        ])
      }
      expect(await table('a,b\r\n"x\ny",1\r\n"p\r\nq",2\r\n')).toEqual([
        ['a', 'b'],
        ['x\ny', 1],
        ['p\r\nq', 2],
      ])
      expect(await table('a,b\n1,x\r\n2,y\n3,"z"\r\n')).toEqual([
        ['a', 'b'],
        [1, 'x'],
        [2, 'y'],
        [3, 'z'],
      ])
      expect(await table('\n\na,b\n\n1,x\n\n')).toEqual([
        ['a', 'b'],
        [1, 'x'],
      ])
    })

    it('may quote values', async () => {
      expect(await table('"a","b ""x"""\n"1","he said ""hi"", twice"\n"",\'single\'\n')).toEqual([
        ['a', 'b "x"'],
        [1, 'he said "hi", twice'],
        [null, "'single'"],
      ])
      expect(await table("'a';'b'\n'x;y';1\n'O''Neil';2\n")).toEqual([
        ['a', 'b'],
        ['x;y', 1],
        ["O'Neil", 2],
      ])
      expect(await table("name,n\n'tis,1\nO'Neil,2\n'x','3'\n")).toEqual([
        ['name', 'n'],
        ["'tis", '1'],
        ["O'Neil", '2'],
        ["'x'", "'3'"],
      ])
      expect(await table('a,b\n"x\\"y",1\n"z",2\n')).toEqual([
        ['a', 'b'],
        ['x"y', 1],
        ['z', 2],
      ])
    })

    it('is read in UTF-8, with and without a mark, UTF-16 with a mark, and Windows-1252', async () => {
      const content = 'name;city\nÉmile;Köln — “quoted” €\n'
      const expected = [
        ['name', 'city'],
        ['Émile', 'Köln — “quoted” €'],
      ]
      expect(await table(content)).toEqual(expected)
      expect(await table(`\ufeff${content}`)).toEqual(expected)
      expect(await table(Buffer.from(`\ufeff${content}`, 'utf16le'))).toEqual(expected)
      expect(await table(Buffer.from(`\ufeff${content}`, 'utf16le').swap16())).toEqual(expected)
      const windows = Buffer.from(
        content.replace('—', '\x97').replace('“', '\x93').replace('”', '\x94').replace('€', '\x80'),
        'latin1',
      )
      expect(await table(windows)).toEqual(expected)
    })

    it('in UTF-8 is recognised wherever a character is cut by a block', async () => {
      const name = 'é😀'.repeat(50_000)
      for (const before of ['', 'x', 'xx', 'xxx']) {
        const [, row] = await table(`a,b\n${before}${name},1\n`)
        expect(row).toEqual([before + name, 1])
      }
    })

    it('of any texts comes back as it was', async () => {
      const text = fc.oneof(
        fc.string({ unit: 'grapheme', maxLength: 12 }),
        fc.stringMatching(/^[a",;'\n\r\t |\\#é😀-]{1,12}$/u),
      )
      const readable = text.filter((value) => !value.includes('\0'))
      const rows = fc.array(fc.tuple(readable, readable, readable), { minLength: 1, maxLength: 30 })
      const style = fc.record({ separator: fc.constantFrom(',', ';', '\t', '|'), end: fc.constantFrom('\n', '\r\n') })
      await fc.assert(
        fc.asyncProperty(rows, style, async (values, { separator, end }) => {
          // A letter in each column keeps it text; the header, which is quoted like all else, shows the separator.
          const all = [['one', 'two', 'three'], ['x', 'y', 'z'], ...values]
          const quoted = all.map((row) => row.map((value) => `"${value.replaceAll('"', '""')}"`).join(separator))
          const [names, , ...read] = await table(quoted.join(end))
          expect(names).toEqual(['one', 'two', 'three'])
          expect(read).toEqual(values.map((row) => row.map((value) => (value === '' ? null : value))))
        }),
        { numRuns: 25 },
      )
    })

    it('may have a header and no rows', async () => {
      for (const content of ['a,b', 'a,b\n']) {
        const info = await under().ingest(content)
        expect(info).toMatchObject({
          count: 0,
          columns: [
            { name: 'a', type: 'text' },
            { name: 'b', type: 'text' },
          ],
        })
      }
    })

    it('keeps names as they are', async () => {
      const names = ['a', 'A', ' b ', 'select', '"', "'", '😀', 'c0', 'a.b', '$1', 'null', '1']
      const header = names.map((name) => `"${name.replaceAll('"', '""')}"`).join(',')
      const content = `${header}\n${names.map((_, n) => n).join(',')}\n`
      expect((await under().ingest(content)).columns.map(({ name }) => name)).toEqual(names)
    })
  })

  describe('types in a CSV file', () => {
    it('are integers when every value is one', async () => {
      expect(await typed('1', '-2', '', ' 3 ', '0')).toEqual(['integer', 1, -2, null, 3, 0])
      expect(await typed('9223372036854775807', '-9223372036854775808')).toEqual([
        'integer',
        '9223372036854775807',
        '-9223372036854775808',
      ])
    })

    it('are numbers when one has decimals, an exponent or more than 64 bits', async () => {
      expect(await typed('1', '2.5', '-.5', '1e3', '5.')).toEqual(['number', 1, 2.5, -0.5, 1000, 5])
      expect(await typed('1', '9223372036854775808')).toEqual(['number', 1, 2 ** 63])
      expect(await typed('1.5', 'NaN', 'inf', '-Infinity', '1e999')).toEqual(['number', 1.5, null, null, null, null])
    })

    it('are texts when a number would lose something', async () => {
      for (const values of [['007', '1'], ['+33', '1'], ['1_000', '1'], ['0x1f'], ['00.5', '1'], ['-01']]) {
        expect(await typed(...values)).toEqual(['text', ...values])
      }
    })

    it('are numbers with decimal commas where the separator is no comma', async () => {
      expect(await typed('1,5', '-2,25', '3', '0,125')).toEqual(['number', 1.5, -2.25, 3, 0.125])
      expect(await typed('1,234', '5,678')).toEqual(['text', '1,234', '5,678'])
      expect(await typed('1.234,5', '1,5')).toEqual(['text', '1.234,5', '1,5'])
      expect(await table('a,b\n"1,5",x\n')).toEqual([
        ['a', 'b'],
        ['1,5', 'x'],
      ])
    })

    it('are dates when every value is one in ISO 8601, in UTC', async () => {
      expect(await typed('2024-02-29', '', '1969-07-20')).toEqual([
        'date',
        '2024-02-29T00:00:00.000Z',
        null,
        '1969-07-20T00:00:00.000Z',
      ])
      expect(
        await typed(
          '2024-01-01T10:00',
          '2024-01-01 10:00:00',
          '2024-01-01T10:00:00.123999Z',
          '2024-01-01T10:00:00+02:00',
          '2024-01-01 10:00:00-0330',
          '1969-12-31T23:59:59.0019',
        ),
      ).toEqual([
        'date',
        '2024-01-01T10:00:00.000Z',
        '2024-01-01T10:00:00.000Z',
        '2024-01-01T10:00:00.123Z',
        '2024-01-01T08:00:00.000Z',
        '2024-01-01T13:30:00.000Z',
        '1969-12-31T23:59:59.001Z',
      ])
      for (const other of ['01/02/2024', '2024-02-30', '10:00:00', '2024-1-5', '20240101x', 'today']) {
        expect(await typed(other)).toEqual(['text', other])
      }
    })

    it('are booleans when every value is true or false', async () => {
      expect(await typed('true', 'FALSE', '', 'True')).toEqual(['boolean', true, false, null, true])
      for (const other of [
        ['true', 'yes'],
        ['t', 'f'],
        ['true', '1'],
      ])
        expect(await typed(...other)).toEqual(['text', ...other])
    })

    it('are texts for mixed values, no values, and times', async () => {
      expect(await typed('1', 'x', '2024-01-01')).toEqual(['text', '1', 'x', '2024-01-01'])
      expect(await typed('', '')).toEqual(['text', null, null])
      expect(await typed('NaN', 'nan')).toEqual(['text', 'NaN', 'nan'])
      expect(await typed('  ', 'x ')).toEqual(['text', '  ', 'x '])
    })

    it('are found over all rows', async () => {
      const many = Array.from({ length: manyRows }, (_, n) => String(n))
      expect((await typed(...many))[0]).toBe('integer')
      expect((await typed(...many, '1.5'))[0]).toBe('number')
      expect((await typed(...many, 'x'))[0]).toBe('text')
    })
  })

  describe('a CSV file is refused', () => {
    it('when it is empty', async () => {
      for (const content of ['', '\n', ' \r\n\t\n', '\ufeff', Buffer.from('\ufeff', 'utf16le')]) {
        expect((await refused(content)).message).toContain('empty')
      }
    })

    it('when it is no text, and it is told what it looks like', async () => {
      const png = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')
      expect((await refused(png)).message).toContain('PNG')
      expect((await refused(Buffer.from('504b0304140000000800', 'hex'))).message).toContain('Excel')
      expect((await refused(Buffer.from('%PDF-1.7\n'))).message).toContain('PDF')
      const zero = await refused('a,b\n1,2\n3,\u0000\n')
      expect(zero.errors[0]).toMatchObject({ line: 3 })
      expect((await refused(Buffer.from('a,b\n1,2\n', 'utf16le'))).message).toContain('UTF-16')
      const noise = Buffer.from(Array.from({ length: 50_000 }, (_, n) => 1 + ((n * 7919 + ((n * n) >> 3)) % 255)))
      expect((await refused(noise)).message).toContain('not text')
    })

    it('when rows have too few or too many values, with the lines', async () => {
      const problem = await refused('a,b,c\n1,2,3\n4,5\n"x\ny",2,3\n6,7,8,9,10\n1,2,3\n')
      expect(problem.errors).toEqual([
        { path: '/file', line: 3, message: 'This row has 2 values; the header has 3 names.' },
        { path: '/file', line: 6, message: 'This row has 5 values; the header has 3 names.' },
      ])
      expect(problem.message).toContain('3')
      expect((await refused('a,b\r\n1,2\r\n3\r\n')).errors).toMatchObject([{ line: 3 }])
      expect((await refused(`a,b\n${'1,2\n'.repeat(50_000)}3\n`)).errors).toMatchObject([{ line: 50_002 }])
      expect((await refused(`a,b\n${'1\n'.repeat(500)}`)).errors).toHaveLength(5)
    })

    it('when a row is longer than can be read', async () => {
      for (const size of [5e6, 9e6, 30e6]) {
        const long = 'x'.repeat(size)
        expect((await refused(`a,b\n1,y\n2,${long}\n3,z\n`)).errors[0]).toMatchObject({ line: 3 })
        expect((await refused(`a,b\n1,${long}\n`)).errors[0]).toMatchObject({ line: 2 })
      }
      expect((await refused(`a,b\n1,y\n2,"${'x,\n'.repeat(5e6)}"\n3,z\n`)).errors[0]).toMatchObject({ line: 3 })
    }, 30_000)

    it('when a quote is not closed', async () => {
      expect((await refused('a,b\n1,"open\n2,x\n3,y\n')).errors[0]).toMatchObject({ line: 2 })
      expect((await refused('a,b\n1,2\n"x"y,2\n')).errors[0]).toMatchObject({ line: 3 })
      expect((await refused('a,b\r\n"x\r\ny","open\r\n3,y\r\n')).errors[0]).toMatchObject({ line: 3 })
      expect((await refused(`a,b\n1,2\n3,"${'x,y\n'.repeat(1e6)}`)).errors[0]).toMatchObject({ line: 3 })
      expect((await refused(`a,b\n1,2\n3,"${'x\n'.repeat(1e7)}`)).errors[0]).toMatchObject({ line: 3 })
    }, 30_000)

    it('when names are missing or repeated, and it is told which', async () => {
      const repeated = await refused('a,b,a,c,b\n1,2,3,4,5\n')
      expect(repeated.errors.map(({ column: name, line }) => [name, line])).toEqual([
        ['a', 1],
        ['b', 1],
      ])
      expect((await refused('a,,c\n1,2,3\n')).message).toContain('2')
      expect((await refused('a,b,\n1,2,3\n')).message).toContain('3')
      expect((await refused(',,\n1,2,3\n')).message).toContain('header')
    })

    it('when it has more columns than the limit', async () => {
      const header = Array.from({ length: 5000 }, (_, n) => `c${n}`).join(',')
      expect((await refused(`${header}\n`)).errors[0]).toMatchObject({ line: 1 })
    })
  })
}
