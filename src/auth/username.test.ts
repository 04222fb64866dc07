import fc from 'fast-check'
import { expect, it } from 'vitest'
import { usernameKey } from './username.ts'

it.each([
  ['Ada', 'ada'],
  [' ada ', 'ADA'],
  ['ａｄａ', 'ada'],
  ['e\u0301', '\u00c9'],
  ['\u212bngstrom', '\u00e5NGSTROM'],
])('"%s" and "%s" are one person', (a, b) => {
  expect(usernameKey(a)).toBe(usernameKey(b))
})

it('the key of a key is itself, whatever people are called', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (name) => {
      expect(usernameKey(usernameKey(name))).toBe(usernameKey(name))
    }),
    { numRuns: 2000 },
  )
})
