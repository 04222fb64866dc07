import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFairShare, type Priority } from './fair-share.ts'

interface Waiting {
  readonly line: string
  readonly tag: number
}

/** Serves what waits, the smallest tag first, and answers the lines in the order in which they were served. */
function serve(waiting: Waiting[], share: ReturnType<typeof createFairShare>, count: number): string[] {
  const served: string[] = []
  while (served.length < count && waiting.length > 0) {
    const next = waiting.reduce((first, job) => (job.tag < first.tag ? job : first))
    waiting.splice(waiting.indexOf(next), 1)
    share.taken(next.tag, waiting.length > 0)
    served.push(next.line)
  }
  return served
}

const priorities = fc.constantFrom<Priority>(1, 2, 3)

describe('fair share', () => {
  it('gives two lines of one priority the same service, whatever they put in', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 }), priorities, (a, b, priority) => {
        const share = createFairShare()
        const put = (group: string, count: number) =>
          Array.from({ length: count }, () => ({ line: group, tag: share.tag(group, priority) }))
        const waiting = [...put('a', a), ...put('b', b)]
        const first = serve(waiting, share, 2 * Math.min(a, b))
        const difference = first.filter((line) => line === 'a').length - Math.min(a, b)
        expect(Math.abs(difference)).toBeLessThanOrEqual(1)
      }),
    )
  })

  it('serves everybody at last: nobody waits for more than nine of each other line and what was there before', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), priorities), { maxLength: 60 }), (before) => {
        const share = createFairShare()
        const waiting: Waiting[] = before.map(([group, priority]) => ({ line: group, tag: share.tag(group, priority) }))
        waiting.push({ line: 'late', tag: share.tag('late', 3) })
        // Others go on putting in urgent work for ever.
        let turns = 0
        let last = ''
        while (last !== 'late') {
          for (const group of ['a', 'b', 'c']) waiting.push({ line: group, tag: share.tag(group, 1) })
          last = serve(waiting, share, 1)[0] ?? ''
          expect(++turns).toBeLessThanOrEqual(before.length + 3 * 9 + 10)
        }
      }),
    )
  })

  it('counts nothing of what was served before nothing waited', () => {
    const share = createFairShare()
    for (let n = 0; n < 1000; n++) share.taken(share.tag('a', 3), false)
    expect(share.tag('a', 2)).toBe(share.tag('b', 2))
  })

  it('keeps a line in its order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('a', 'b'), priorities, fc.boolean()), { maxLength: 80 }),
        (steps) => {
          const share = createFairShare()
          const last = new Map<string, number>()
          const waiting: Waiting[] = []
          for (const [group, priority, isServed] of steps) {
            const line = `${group}${priority}`
            const tag = share.tag(group, priority)
            const isAlone = !waiting.some((job) => job.line === line)
            if (!isAlone) expect(tag).toBeGreaterThan(last.get(line) ?? 0)
            last.set(line, tag)
            waiting.push({ line, tag })
            if (isServed) serve(waiting, share, 1)
          }
        },
      ),
    )
  })
})
