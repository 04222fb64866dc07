import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog } from '../../../src/base/index.ts'
import { openStore } from '../../../src/store/index.ts'
import type { StoreUnderTest } from './fixture.ts'

/** An empty store in a home of its own. */
export async function openSqliteUnderTest(writer: 'here' | 'thread'): Promise<StoreUnderTest> {
  const home = await mkdtemp(join(tmpdir(), 'laputa-store-'))
  let now = Date.now()
  const store = await openStore({ kind: 'sqlite', home, writer }, { clock: { now: () => now }, log: silentLog })
  return {
    store,
    now: () => now,
    passTime: (ms) => {
      now += ms
    },
    dispose: async () => {
      await store.close()
      await rm(home, { recursive: true, force: true })
    },
  }
}
