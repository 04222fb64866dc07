import { describe, expect, it } from 'vitest'
import { Problem } from '../base/index.ts'
import { abortProblem } from './problems.ts'

describe('an aborted signal', () => {
  it('is a timeout for the reason of AbortSignal.timeout, the problem that it was aborted with, or else a cancellation', async () => {
    const timeout = AbortSignal.timeout(1)
    await new Promise((resolve) => timeout.addEventListener('abort', resolve))
    expect(abortProblem(timeout).code).toBe('query_timeout')
    expect(abortProblem(AbortSignal.abort()).code).toBe('cancelled')
    expect(abortProblem(AbortSignal.abort('odd')).code).toBe('cancelled')
    const reason = new Problem('overloaded', 'Later.')
    expect(abortProblem(AbortSignal.abort(reason))).toBe(reason)
  })
})
