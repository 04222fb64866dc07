import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Collection, Store } from '../../../src/store/index.ts'
import type { Doc, StoreUnderTest } from './fixture.ts'

/** Documents that go by themselves. The store must have been opened while intervals were fake. */
export function expiryContract(current: () => StoreUnderTest): void {
  let store: Store
  beforeEach(() => {
    store = current().store
  })

  const tokens = (name = 'tokens'): Collection<Doc> => store.collection<Doc>({ name, expires: 'at.end' })
  /** A store looks each minute. */
  const passMinute = () => {
    current().passTime(60_000)
    vi.advanceTimersByTime(60_000)
  }

  describe('documents that expire', () => {
    it('are gone within two minutes, and no others', async () => {
      const now = current().now()
      await tokens().insert({ id: 'past', at: { end: now - 1 } })
      await tokens().insert({ id: 'soon', at: { end: now + 90_000 } })
      await tokens().insert({ id: 'later', at: { end: now + 3_600_000 } })
      await tokens().insert({ id: 'never' })
      await tokens().insert({ id: 'null', at: { end: null } })
      await tokens().insert({ id: 'text', at: { end: '2001-01-01' } })
      await tokens().insert({ id: 'beyond', at: { end: 1e300 } })
      const stay = ['beyond', 'later', 'never', 'null', 'text']
      passMinute()
      await expect.poll(async () => idsOf(tokens())).toEqual([...stay, 'soon'].sort())
      passMinute()
      await expect.poll(async () => idsOf(tokens())).toEqual(stay)
    })

    it('stay when they are given more time, and go when it is taken back', async () => {
      const now = current().now()
      await tokens().insert({ id: 'extended', at: { end: now + 1000 } })
      await tokens().insert({ id: 'shortened', at: { end: now + 3_600_000 } })
      await tokens().insert({ id: 'end', at: { end: now + 1000 } })
      await tokens().replace({ id: 'extended', at: { end: now + 3_600_000 } }, 1)
      await tokens().replace({ id: 'shortened', at: { end: now + 1000 } }, 1)
      passMinute()
      await expect.poll(async () => idsOf(tokens())).toEqual(['extended'])
    })

    it('go from every collection, however many they are', async () => {
      const now = current().now()
      const inserts = Array.from({ length: 2500 }, (_, n) => tokens().insert({ id: `t${n}`, at: { end: now } }))
      await Promise.all([...inserts, tokens('others').insert({ id: 'a', at: { end: now } })])
      passMinute()
      await expect.poll(async () => (await tokens().count()) + (await tokens('others').count())).toBe(0)
    })

    it('are counted among the changes', async () => {
      await tokens().insert({ id: 'a', at: { end: current().now() } })
      const before = tokens().changes()
      passMinute()
      await expect.poll(async () => tokens().count()).toBe(0)
      if (before !== undefined) expect(tokens().changes()).not.toBe(before)
    })
  })
}

async function idsOf(collection: Collection<Doc>): Promise<string[]> {
  return (await collection.find()).map(({ doc }) => doc.id)
}
