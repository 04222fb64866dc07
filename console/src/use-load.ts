import { onScopeDispose, type ShallowRef, shallowRef, watch } from 'vue'
import type { Problem } from './api/problem.ts'
import type { Outcome } from './api/request.ts'

export interface Load<T> {
  readonly state: 'loading' | 'ready' | 'failed'
  /** What came last; kept while newer is on its way, so that the page does not jump. Null after a failure. */
  readonly value: T | null
  readonly headers: Headers | null
  readonly problem: Problem | null
}

export interface Loader<T> {
  readonly load: Readonly<ShallowRef<Load<T>>>
  reload(): void
}

/** Reads when mounted and whenever `key` changes; what is still on its way for an older key is cancelled and never shown. */
export function useLoad<T>(key: () => string, read: (signal: AbortSignal) => Promise<Outcome<T>>): Loader<T> {
  const load = shallowRef<Load<T>>({ state: 'loading', value: null, headers: null, problem: null })
  let current = new AbortController()

  async function run(): Promise<void> {
    current.abort()
    const controller = new AbortController()
    current = controller
    load.value = { ...load.value, state: 'loading', problem: null }
    const outcome = await read(controller.signal)
    if (controller.signal.aborted || outcome.kind === 'aborted') return
    load.value =
      outcome.kind === 'done'
        ? { state: 'ready', value: outcome.value, headers: outcome.headers, problem: null }
        : { state: 'failed', value: null, headers: null, problem: outcome.problem }
  }

  watch(key, () => void run(), { immediate: true })
  onScopeDispose(() => current.abort())
  return { load, reload: () => void run() }
}
