import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { guesses, readingOf } from './reading.ts'

/** JavaScript has no `(?i)`. */
const expressions = guesses.map(({ pattern }) => new RegExp(pattern.replace('(?i)', ''), 'iu'))

const piece = fc.constantFrom(
  '2024',
  '24',
  '3',
  '12',
  '31',
  '20240305',
  '-',
  '/',
  '.',
  ' ',
  ', ',
  'th',
  'Jan',
  'mars',
  'Mon',
  'T',
  ':',
  '10:20',
  ':30.5',
  'pm',
  'Z',
  '+01:00',
)

describe('the guesses', () => {
  it('never fit one text in two ways', () => {
    let fitting = 0
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 9 }), (pieces) => {
        const fits = expressions.filter((expression) => expression.test(pieces.join('')))
        fitting += fits.length
        expect(fits.length).toBeLessThanOrEqual(1)
      }),
      { numRuns: 20_000, seed: 3 },
    )
    expect(fitting).toBeGreaterThan(200)
  })

  it('have at most nine groups, each with a name', () => {
    for (const { pattern, groups, ours } of guesses) {
      expect(groups.length).toBeLessThanOrEqual(9)
      expect(pattern.match(/\((?!\?)/g)).toHaveLength(groups.length)
      expect(ours).toBe(true)
    }
  })
})

describe('a format', () => {
  it('is ours only while nobody wrote letters into it', () => {
    const ours = (format: string) => {
      const read = readingOf(format)
      return 'reading' in read && read.reading.ours
    }
    expect(['%Y-%m-%dT%H:%M:%SZ', '%d/%m/%Y, %H:%M', '%d %B %Y', 'dd.mm.YYYY'].map(ours)).toEqual([
      true,
      true,
      true,
      true,
    ])
    expect(["%Y'", '%Y x', '%Y\\', '%Y"', '%Y%%', '%Yé'].map(ours)).toEqual(Array(6).fill(false))
  })

  it('may have any text, which stands for itself', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 50 }).filter((text) => !text.includes('%')),
        (text) => {
          const read = readingOf(`${text}%Y`)
          if ('problem' in read) throw new Error(read.problem.message)
          const expression = new RegExp(read.reading.pattern.replace('(?i)', ''), 'iu')
          expect(expression.exec(`${text}2024`)?.[1]).toBe('2024')
          expect(expression.test(`${text}x2024`)).toBe(false)
        },
      ),
      { seed: 5 },
    )
  })
})
