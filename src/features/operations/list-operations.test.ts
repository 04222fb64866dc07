import { expect, it } from 'vitest'
import type { Operation } from '../../jobs/index.ts'
import { cancelUnfinished } from './list-operations.ts'

const idOf = (n: number) => String(n).padStart(4, '0')

it('cancels everything that has not ended, however much of it was told already', async () => {
  const told = new Set(Array.from({ length: 450 }, (_, n) => idOf(n)).filter((_, n) => n % 3 !== 0 || n > 230))
  const all = Array.from({ length: 450 }, (_, n) => idOf(449 - n))
  const wanted = all.filter((id) => !told.has(id))
  const cancelled: string[] = []
  const jobs = {
    // What runs goes on for a while after it was told.
    list: async ({ limit, after = '9999' }: { limit: number; after?: string }) =>
      all
        .filter((id) => id < after)
        .slice(0, limit)
        .map((id) => ({ id, cancelRequested: told.has(id) }) as Operation),
    async cancel(id: string) {
      told.add(id)
      cancelled.push(id)
      return { id } as Operation
    },
  }
  await cancelUnfinished(jobs, 'shop')
  expect(cancelled).toEqual(wanted)
  expect(wanted.length).toBeGreaterThan(50)
})
