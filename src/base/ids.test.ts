import fc from 'fast-check'
import { expect, it } from 'vitest'
import { idAfter, newId, timeOfId } from './index.ts'

it('an id tells when it was made', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 32 ** 10 - 1 }), (now) => timeOfId(newId(now)) === now))
  expect(timeOfId(newId(1_700_000_000_000.7))).toBe(1_700_000_000_000)
})

it('the id after another one is the next in their order', () => {
  expect(idAfter('aaa')).toBe('aab')
  expect(idAfter('a9z')).toBe('aa0')
  expect(idAfter('hzz')).toBe('j00')
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 32 ** 9 }), (now) => {
      const id = newId(now)
      const next = idAfter(id)
      expect(next > id && next.length === id.length).toBe(true)
      expect(timeOfId(next)).toBe(now)
    }),
  )
})

it('what is no id tells nothing', () => {
  const id = newId(Date.now())
  for (const text of [
    '',
    'x',
    `${id}0`,
    id.slice(1),
    id.toUpperCase(),
    id.replace(/.$/, 'i'),
    id.replace(/^./, 'o'),
    `${id}\n`,
  ]) {
    expect(timeOfId(text), text).toBeNull()
  }
})
