import { describe, expect, it } from 'vitest'
import { casedLetters, casePairs } from './letters.ts'

describe('letters', () => {
  it('are all that have two cases', () => {
    const known = new Set(casedLetters())
    const missing: string[] = []
    for (let point = 0; point <= 0x10ffff; point++) {
      if (point >= 0xd800 && point <= 0xdfff) continue
      const char = String.fromCodePoint(point)
      const changes = char.toLowerCase() !== char || char.toUpperCase() !== char
      if (changes && !known.has(char)) missing.push(point.toString(16))
    }
    expect(missing).toEqual([])
  })

  it('have at most one counterpart', () => {
    const lower = casePairs('lower')
    const upper = casePairs('upper')
    const change = ({ from, to }: { from: string; to: string }, text: string): string => {
      const [keys, values] = [[...from], [...to]]
      expect(keys.length).toBe(values.length)
      return [...text].map((char) => values[keys.indexOf(char)] ?? char).join('')
    }
    expect(change(lower, 'ÉΣИİẞᾼ𐐀aA')).toBe('éσиißᾳ𐐨aA')
    expect(change(upper, 'éσςиıßᾳ𐐨ﬁaA')).toBe('ÉΣΣИIẞᾼ𐐀ﬁaA')
  })
})
