import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Survey, surveyFile } from './survey.ts'

const mostFaults = 3
const dialect = { separator: ',', quote: '"', escape: '"', width: 2 }

async function* inPieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

function survey(text: string, options: { escape?: string; longestRow?: number; size?: number } = {}): Promise<Survey> {
  const { escape: escapedBy = '"', longestRow = 1000, size = 7 } = options
  return surveyFile(inPieces(text, size), { dialect: { ...dialect, escape: escapedBy }, longestRow, mostFaults })
}

async function linesOf(text: string, options: { escape?: string; longestRow?: number } = {}): Promise<unknown[]> {
  return (await survey(text, options)).faults.map(({ line }) => line)
}

describe('the survey of a CSV file', () => {
  it('counts rows, not lines', async () => {
    const sound = { faults: [], mixedLineEnds: false }
    expect(await survey('a,b\n1,2\n')).toEqual({ ...sound, rows: 2 })
    expect(await survey('a,b\n1,2')).toEqual({ ...sound, rows: 2 })
    expect(await survey('\n\na,b\n\n"x\n\ny",2\n,\n\n')).toEqual({ ...sound, rows: 3 })
    expect(await survey('a,b\r\n"x\r\ny",2\r\n')).toEqual({ ...sound, rows: 2 })
    expect(await survey('')).toEqual({ ...sound, rows: 0 })
  })

  it('accepts quotes and blanks wherever DuckDB does', async () => {
    for (const row of ['"x,""y""",1', ' "x,y" ,1', 'x"y",1', '"",""', '1,2,', ' , ']) {
      expect((await survey(`a,b\n${row}\n`)).faults).toEqual([])
    }
    expect((await survey('a,b\n"x\\",y",1\n', { escape: '\\' })).faults).toEqual([])
  })

  it('finds rows with too few and too many values', async () => {
    expect(await linesOf('a,b\n1\n1,2\n1,2,3\n')).toEqual([2, 4])
    expect(await linesOf('a,b\n"x\ny",1\n1')).toEqual([4])
    expect(await linesOf('a,b\r\n1\r\n')).toEqual([2])
    expect(await linesOf('a,b\r1\r')).toEqual([2])
    expect(await linesOf('a,b\n1,2,,\n \n')).toEqual([2, 3])
    expect((await survey('a,b\n1\n')).faults[0]?.message).toBe('This row has 1 value; the header has 2 names.')
  })

  it('finds quotes that are not closed, and text behind those that are', async () => {
    expect(await linesOf('a,b\n1,2\n1,"x\n2,y\n')).toEqual([3])
    expect(await linesOf('a,b\n"x\ny","z\n')).toEqual([3])
    expect(await linesOf('a,b\n1,"x""\n')).toEqual([2])
    expect(await linesOf('a,b\n"x"y,2\n"x" y,2\n"x" "y",2\n')).toEqual([2, 3, 4])
    expect(await linesOf('a,b\n1,"x\\"\n', { escape: '\\' })).toEqual([2])
  })

  it('finds rows that are too long, and does not read on', async () => {
    expect(await linesOf(`a,b\n1,2\n1,${'x'.repeat(2000)}\n1\n`)).toEqual([3])
    expect(await linesOf(`a,b\n1,"${'x\n'.repeat(2000)}`)).toEqual([2])
    expect(await linesOf(`a,b\n${'1,2\n'.repeat(1000)}`)).toEqual([])
  })

  it('ends when it has found enough', async () => {
    expect(await linesOf('a,b\n1\n2\n3\n4\n5\n')).toEqual([2, 3, 4])
  })

  it('notices when rows end in different ways, which line ends in quotes are not', async () => {
    const mixed = async (text: string) => (await survey(text)).mixedLineEnds
    expect(await mixed('a,b\r\n1,2\n')).toBe(true)
    expect(await mixed('a,b\n1,2\r3,4\n')).toBe(true)
    expect(await mixed('a,b\r\n1,2\r3,4\r\n')).toBe(true)
    expect(await mixed('a,b\r\n1,"x\ny"\r\n')).toBe(false)
    expect(await mixed('a,b\n1,"x\r\ny"\n')).toBe(false)
    expect(await mixed('a,b\r1,2\r')).toBe(false)
  })

  it('does not depend on where the file is cut into pieces', async () => {
    const text = fc.stringMatching(/^[a,"\\ \r\né]{0,60}$/)
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.constantFrom('"', '\\'),
        fc.integer({ min: 1, max: 9 }),
        async (body, escapedBy, size) => {
          const whole = await survey(`a,b\n${body}`, { escape: escapedBy, size: 1000 })
          const cut = await survey(`a,b\n${body}`, { escape: escapedBy, size })
          // With enough faults it reads no further than to the end of a piece: what it counted by then says nothing.
          if (whole.faults.length >= mostFaults) expect(cut.faults).toEqual(whole.faults)
          else expect(cut).toEqual(whole)
        },
      ),
      { numRuns: 300 },
    )
  })
})
