import { describe, expect, it } from 'vitest'
import { effectScope, nextTick, ref } from 'vue'
import type { Outcome } from './api/request.ts'
import { useLoad } from './use-load.ts'

const settled = () => new Promise((resolve) => setTimeout(resolve))

/** A reader whose answers are given by hand, in any order. */
function setUp() {
  const key = ref('a')
  const calls: { key: string; signal: AbortSignal; answer: (outcome: Outcome<string>) => void }[] = []
  const scope = effectScope()
  const loader = scope.run(() =>
    useLoad<string>(
      () => key.value,
      (signal) => new Promise((answer) => calls.push({ key: key.value, signal, answer })),
    ),
  )
  return { key, calls, scope, loader: loader! }
}

const done = (value: string): Outcome<string> => ({ kind: 'done', value, headers: new Headers() })

describe('useLoad', () => {
  it('shows the last answer while the next is on its way', async () => {
    const { key, calls, loader } = setUp()
    calls[0]?.answer(done('A'))
    await settled()
    expect(loader.load.value).toMatchObject({ state: 'ready', value: 'A' })
    key.value = 'b'
    await nextTick()
    expect(loader.load.value).toMatchObject({ state: 'loading', value: 'A' })
  })

  it('cancels what nobody waits for any more, and never shows it', async () => {
    const { key, calls, loader } = setUp()
    key.value = 'b'
    await nextTick()
    expect([calls[0]?.signal.aborted, calls[1]?.signal.aborted]).toEqual([true, false])
    calls[1]?.answer(done('B'))
    await settled()
    calls[0]?.answer(done('A'))
    await settled()
    expect(loader.load.value).toMatchObject({ state: 'ready', value: 'B' })
  })

  it('drops the old rows when the new ones cannot be had, and tries again when asked', async () => {
    const { calls, loader } = setUp()
    const problem = {
      title: 'No',
      status: 500,
      code: 'internal',
      detail: '',
      requestId: null,
      errors: [],
      retryAfter: null,
    }
    calls[0]?.answer({ kind: 'failed', problem })
    await settled()
    expect(loader.load.value).toEqual({ state: 'failed', value: null, headers: null, problem })
    loader.reload()
    expect(loader.load.value).toMatchObject({ state: 'loading', problem: null })
    calls[1]?.answer(done('A'))
    await settled()
    expect(loader.load.value).toMatchObject({ state: 'ready', value: 'A' })
  })

  it('cancels with the component that asked', () => {
    const { calls, scope } = setUp()
    scope.stop()
    expect(calls[0]?.signal.aborted).toBe(true)
  })
})
