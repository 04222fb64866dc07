import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createHeap } from './heap.ts'

interface Item {
  readonly value: number
}

/** The same, done the slow way. */
function take(list: Item[]): number | undefined {
  if (list.length === 0) return undefined
  const least = Math.min(...list.map(({ value }) => value))
  list.splice(
    list.findIndex(({ value }) => value === least),
    1,
  )
  return least
}

it('gives the smallest of what is in it, after any pushes, pops and removals', () => {
  const step = fc.record({ what: fc.constantFrom('push', 'pop', 'remove'), value: fc.integer({ min: 0, max: 20 }) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const heap = createHeap<Item>((a, b) => a.value < b.value)
      // Items of one value are alike: which of them is taken must not matter, so the same object stands for them.
      const items = Array.from({ length: 21 }, (_, value): Item => ({ value }))
      const list: Item[] = []
      for (const { what, value } of steps) {
        const item = items[value] ?? { value }
        if (what === 'push') {
          heap.push(item)
          list.push(item)
        } else if (what === 'pop') expect(heap.pop()?.value).toBe(take(list))
        else {
          heap.remove(item)
          if (list.includes(item)) list.splice(list.indexOf(item), 1)
        }
        expect(heap.size).toBe(list.length)
      }
    }),
  )
})
