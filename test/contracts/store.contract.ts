import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { blobsContract } from './store/blobs.contract.ts'
import { documentsContract } from './store/documents.contract.ts'
import { expiryContract } from './store/expiry.contract.ts'
import { filtersContract } from './store/filters.contract.ts'
import { chunks, filled, type StoreUnderTest, sha256 } from './store/fixture.ts'
import { pagesContract } from './store/pages.contract.ts'
import { sharingContract } from './store/sharing.contract.ts'

export type { StoreUnderTest }

/** What every store must do. `open` gives an empty one. */
export function storeContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`${name}: store contract`, () => {
    let opened: StoreUnderTest
    const current = () => opened
    beforeEach(async () => {
      opened = await open()
    })
    afterEach(() => opened.dispose())

    documentsContract(current)
    filtersContract(current)
    pagesContract(current)
    blobsContract(current)
    sharingContract(current)

    describe('after close', () => {
      it('refuses, and can be closed again', async () => {
        const { store } = opened
        const collection = await filled(store, [{ id: 'a' }])
        await store.close()
        await store.close()
        await expect(collection.get('a')).rejects.toMatchObject({ code: 'storage_failed' })
        await expect(collection.insert({ id: 'b' })).rejects.toMatchObject({ code: 'storage_failed' })
        await expect(store.blobs.get(sha256('x'))).rejects.toMatchObject({ code: 'storage_failed' })
        await expect(store.blobs.put(chunks(Buffer.from('x'), 1))).rejects.toMatchObject({ code: 'storage_failed' })
        await expect(store.blobs.sweep(new Set(), 0)).rejects.toMatchObject({ code: 'storage_failed' })
        expect(() => store.collection({ name: 'new' })).toThrow(expect.objectContaining({ code: 'storage_failed' }))
      })
    })
  })

  describe(`${name}: store contract over time`, () => {
    let opened: StoreUnderTest
    beforeEach(async () => {
      vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
      opened = await open()
    })
    afterEach(async () => {
      await opened.dispose()
      vi.useRealTimers()
    })

    expiryContract(() => opened)
  })
}
