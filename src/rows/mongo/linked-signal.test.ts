import { getEventListeners } from 'node:events'
import { expect, it } from 'vitest'
import { linkedSignal } from './linked-signal.ts'

it('aborts with the first of its signals, for its reason, also when that is over before', () => {
  const [one, other] = [new AbortController(), new AbortController()]
  const { signal } = linkedSignal([one.signal, other.signal])
  expect(signal.aborted).toBe(false)
  other.abort('enough')
  one.abort('late')
  expect([signal.aborted, signal.reason]).toEqual([true, 'enough'])
  expect(linkedSignal([new AbortController().signal, one.signal]).signal.reason).toBe('late')
})

it('leaves nothing in the signals once it has ended, and does not abort any more', () => {
  const long = new AbortController()
  const { signal, end } = linkedSignal([long.signal])
  expect(getEventListeners(long.signal, 'abort')).toHaveLength(1)
  end()
  expect(getEventListeners(long.signal, 'abort')).toEqual([])
  long.abort()
  expect(signal.aborted).toBe(false)
})
