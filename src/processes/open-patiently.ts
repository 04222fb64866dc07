import { setTimeout as sleep } from 'node:timers/promises'
import { type ErrorCode, isProblem, type Log } from '../base/index.ts'
import { backOff } from './back-off.ts'

/** What may be mended without touching this process: a server that is not there yet, or not any more. */
const mendable: readonly ErrorCode[] = ['storage_failed', 'bus_failed']

export interface PatienceOptions {
  readonly log: Log
  /** Ends the waiting: the answer is then null. */
  readonly signal: AbortSignal
  readonly pauses?: { readonly firstMs: number; readonly mostMs: number }
}

/** Opens something, again and again while its servers do not answer. Errors: those that trying again does not mend. */
export async function openPatiently<T>(open: () => Promise<T>, options: PatienceOptions): Promise<T | null> {
  const { log, signal, pauses = { firstMs: 1000, mostMs: 30_000 } } = options
  for (let failures = 1; !signal.aborted; failures++) {
    try {
      return await open()
    } catch (error) {
      if (!isProblem(error) || !mendable.includes(error.code)) throw error
      const waitMs = backOff(failures, pauses)
      log.warn({ code: error.code, detail: error.message, waitMs }, 'cannot start yet; trying again')
      await sleep(waitMs, undefined, { signal }).catch(() => {})
    }
  }
  return null
}
