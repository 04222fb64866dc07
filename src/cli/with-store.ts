import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Problem, silentLog, systemClock } from '../base/index.ts'
import type { Config } from '../config/index.ts'
import { storeSettings } from '../processes/index.ts'
import type { Store, StoreDeps } from '../store/index.ts'

export interface StoreUse<T> {
  /** Whether one is made where there is none. */
  readonly make: boolean
  readonly use: (store: Store, deps: StoreDeps) => Promise<T>
}

/** Opens the store of an installation, and closes it again. Errors: `storage_failed` when there is none, or somebody else has it. */
export async function withStore<T>(config: Config, { make, use }: StoreUse<T>): Promise<T> {
  const settings = storeSettings(config)
  // Opening makes one.
  if (!make && settings.kind === 'sqlite' && !existsSync(join(settings.home, 'store.sqlite'))) {
    const detail = `There is no store in ${settings.home}: set \`home\` to the folder of an instance.`
    throw new Problem('storage_failed', detail)
  }
  const { openStore } = await import('../store/index.ts')
  const deps = { clock: systemClock, log: silentLog }
  const store = await openStore(settings, deps)
  try {
    return await use(store, deps)
  } finally {
    await store.close()
  }
}
