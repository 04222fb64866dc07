import { onScopeDispose, readonly, type ShallowRef, shallowRef, watch } from 'vue'
import type { Api } from './api/api.ts'
import type { Problem } from './api/problem.ts'
import type { Outcome } from './api/request.ts'
import type { LiveMessage, Operation, Started } from './api/types.ts'
import { connectLive, type LiveDeps, type LiveState } from './live-connection.ts'
import { withOperations } from './operations.ts'

export interface Operations {
  /** The newest first; null while they are not known. */
  readonly list: Readonly<ShallowRef<readonly Operation[] | null>>
  readonly state: Readonly<ShallowRef<LiveState>>
  /** What went wrong last; null once something went well. */
  readonly problem: Readonly<ShallowRef<Problem | null>>
  refresh(): Promise<void>
  publish(): Promise<void>
  cancel(id: string): Promise<void>
}

export interface OperationsDeps {
  readonly api: Api
  readonly open: LiveDeps['open']
}

/** How often the list is read while the connection is not there. */
const pollMs = 5000

/** The operations of an app as they go on. `app` gives null where nobody may look at them. */
export function useOperations(app: () => string | null, { api, open }: OperationsDeps): Operations {
  const list = shallowRef<readonly Operation[] | null>(null)
  const state = shallowRef<LiveState>('connecting')
  const problem = shallowRef<Problem | null>(null)
  let stop = () => {}

  function follow(id: string): () => void {
    const reading = new AbortController()
    const read = async () => take(await api.operations(id, reading.signal), (operations) => operations)
    const poll = setInterval(() => {
      if (state.value !== 'live') void read()
    }, pollMs)
    const end = connectLive({
      app: id,
      ticket: api.ticket,
      open,
      receive(message: LiveMessage) {
        if (message.type === 'resync') void read()
        if (message.operation?.app === id) list.value = withOperations(list.value ?? [], [message.operation])
      },
      changed(next) {
        state.value = next
        // Only now, so that nothing falls between the list and the first event.
        if (next === 'live') void read()
      },
    })
    void read()
    return () => {
      end()
      clearInterval(poll)
      reading.abort()
    }
  }

  function take<T>(outcome: Outcome<T>, operations: (value: T) => readonly Operation[]): void {
    if (outcome.kind === 'failed') problem.value = outcome.problem
    if (outcome.kind !== 'done') return
    problem.value = null
    list.value = withOperations(list.value ?? [], operations(outcome.value))
  }

  async function start(ask: (id: string) => Promise<Outcome<Started>>): Promise<void> {
    const id = app()
    if (id === null) return
    const outcome = await ask(id)
    const begun = outcome.kind === 'done' ? await api.operation(id, outcome.value.operation_id) : outcome
    // Another app may be shown by now.
    if (app() !== id) return
    if (begun.kind === 'done') take(begun, (operation) => [operation])
    else take(begun, () => [])
  }

  watch(
    app,
    (id) => {
      stop()
      list.value = null
      problem.value = null
      stop = id === null ? () => {} : follow(id)
    },
    { immediate: true },
  )
  onScopeDispose(() => stop())
  return {
    list: readonly(list) as Operations['list'],
    state: readonly(state),
    problem: readonly(problem) as Operations['problem'],
    refresh: () => start(api.refresh),
    publish: () => start(api.publish),
    async cancel(operation) {
      const id = app()
      if (id === null) return
      const outcome = await api.cancel(id, operation)
      if (app() === id) take(outcome, (cancelled) => [cancelled])
    },
  }
}
