import { randomBytes } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Store } from '../../../src/store/index.ts'
import { bytesOf, chunks, type StoreUnderTest, sha256 } from './fixture.ts'

/** Blobs, ranges of them, and their sweep. */
export function blobsContract(current: () => StoreUnderTest): void {
  let store: Store
  beforeEach(() => {
    store = current().store
  })

  describe('blobs', () => {
    const blobOf = async (hash: string, range?: { start: number; end: number }) => {
      const stream = await store.blobs.get(hash, range)
      return stream === null ? null : bytesOf(stream)
    }

    it('are named by their hash and come back whole', async () => {
      const content = randomBytes(300_000)
      const put = await store.blobs.put(chunks(content, 70_000))
      expect(put).toEqual({ hash: sha256(content), size: 300_000 })
      expect((await blobOf(put.hash))?.equals(content)).toBe(true)
    })

    it('can be empty', async () => {
      const { hash, size } = await store.blobs.put(chunks(Buffer.alloc(0), 1))
      expect([hash, size]).toEqual([sha256(Buffer.alloc(0)), 0])
      expect(await blobOf(hash)).toEqual(Buffer.alloc(0))
    })

    it('can come in many small pieces', async () => {
      const content = randomBytes(5000)
      const { hash } = await store.blobs.put(chunks(content, 3))
      expect((await blobOf(hash))?.equals(content)).toBe(true)
    })

    it.each([
      [0, 3, 'abc'],
      [3, 6, 'def'],
      [9, 10, 'j'],
      [8, 100, 'ij'],
      [10, 12, ''],
      [50, 60, ''],
      [0, 0, ''],
      [4, 4, ''],
      [0, 10, 'abcdefghij'],
    ])('give the bytes from %d up to and without %d', async (start, end, expected) => {
      const { hash } = await store.blobs.put(chunks(Buffer.from('abcdefghij'), 4))
      expect((await blobOf(hash, { start, end }))?.toString()).toBe(expected)
    })

    it.each([
      [-1, 2],
      [3, 2],
      [0.5, 2],
      [0, Number.NaN],
      [0, Number.POSITIVE_INFINITY],
    ])('refuse the range from %d to %d', async (start, end) => {
      const { hash } = await store.blobs.put(chunks(Buffer.from('abc'), 3))
      await expect(store.blobs.get(hash, { start, end })).rejects.toMatchObject({ code: 'internal' })
    })

    it('are null when there is none, and for what is no hash', async () => {
      const { hash } = await store.blobs.put(chunks(Buffer.from('abc'), 3))
      const wrong = [
        '',
        'a',
        '../store.sqlite',
        '../../etc/passwd',
        `${hash}\u0000`,
        `${hash}/`,
        ` ${hash}`,
        `${hash}\n`,
      ]
      for (const name of [sha256('x'), hash.toUpperCase(), ...wrong]) expect(await store.blobs.get(name)).toBeNull()
    })

    it('are kept once, however often and at whatever time they are put', async () => {
      const content = randomBytes(100_000)
      const puts = await Promise.all(Array.from({ length: 10 }, () => store.blobs.put(chunks(content, 1000))))
      expect(new Set(puts.map(({ hash }) => hash)).size).toBe(1)
      expect((await blobOf(sha256(content)))?.equals(content)).toBe(true)
      current().passTime(1000)
      expect(await store.blobs.sweep(new Set(), 0)).toBe(1)
    })

    it('do not appear when the stream breaks, and the sender’s own error comes back', async () => {
      const planted = new Error('planted')
      async function* broken() {
        yield Buffer.from('abc')
        throw planted
      }
      await expect(store.blobs.put(broken())).rejects.toBe(planted)
      expect(await store.blobs.get(sha256('abc'))).toBeNull()
      current().passTime(1000)
      expect(await store.blobs.sweep(new Set(), 0)).toBe(0)
    })

    it('do not appear before the stream has ended', async () => {
      const content = Buffer.from('abc')
      let finish = () => {}
      const end = new Promise<void>((resolve) => {
        finish = resolve
      })
      async function* slow() {
        yield content
        await end
      }
      const putting = store.blobs.put(slow())
      await new Promise((resolve) => setTimeout(resolve, 30))
      expect(await store.blobs.get(sha256(content))).toBeNull()
      finish()
      await putting
      expect(await blobOf(sha256(content))).toEqual(content)
    })

    it('are swept when nobody keeps them and their grace is over', async () => {
      const { hash: kept } = await store.blobs.put(chunks(Buffer.from('kept'), 9))
      const { hash: old } = await store.blobs.put(chunks(Buffer.from('old'), 9))
      current().passTime(5000)
      const { hash: young } = await store.blobs.put(chunks(Buffer.from('young'), 9))
      current().passTime(1000)
      const keep = new Set([kept, sha256('unknown')])
      expect(await store.blobs.sweep(keep, 10_000)).toBe(0)
      expect(await store.blobs.sweep(keep, 3000)).toBe(1)
      expect(await store.blobs.get(old)).toBeNull()
      expect(await blobOf(kept)).toEqual(Buffer.from('kept'))
      expect(await blobOf(young)).toEqual(Buffer.from('young'))
    })

    it('have their grace anew when they are put again', async () => {
      const { hash } = await store.blobs.put(chunks(Buffer.from('again'), 9))
      current().passTime(5000)
      await store.blobs.put(chunks(Buffer.from('again'), 9))
      current().passTime(1000)
      expect(await store.blobs.sweep(new Set(), 3000)).toBe(0)
      expect(await blobOf(hash)).toEqual(Buffer.from('again'))
    })

    it('can be read to the end although they are swept meanwhile', async () => {
      const content = randomBytes(1_000_000)
      const { hash } = await store.blobs.put(chunks(content, 100_000))
      const parts: Uint8Array[] = []
      for await (const part of (await store.blobs.get(hash))!) {
        parts.push(part)
        current().passTime(5000)
        expect(await store.blobs.sweep(new Set(), 0)).toBe(parts.length === 1 ? 1 : 0)
      }
      expect(Buffer.concat(parts).equals(content)).toBe(true)
    })

    it('can be left in the middle of reading', async () => {
      const { hash } = await store.blobs.put(chunks(randomBytes(1_000_000), 100_000))
      for await (const chunk of (await store.blobs.get(hash))!) {
        expect(chunk.length).toBeGreaterThan(0)
        break
      }
      expect((await blobOf(hash))?.length).toBe(1_000_000)
    })
  })
}
