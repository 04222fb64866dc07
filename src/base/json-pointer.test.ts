import { expect, it } from 'vitest'
import { jsonPointer } from './index.ts'

it('a pointer escapes what separates its parts, and its own escapes', () => {
  expect(jsonPointer(['steps', 0, 'a/b', 'c~d', '~1', ''])).toBe('/steps/0/a~1b/c~0d/~01/')
  expect(jsonPointer([])).toBe('')
})
