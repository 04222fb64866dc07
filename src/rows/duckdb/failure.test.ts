import { describe, expect, it } from 'vitest'
import { type Log, Problem, silentLog } from '../../base/index.ts'
import { queryProblem } from './failure.ts'

function logged(): { log: Log; entries: object[] } {
  const entries: object[] = []
  return { log: { ...silentLog, error: (fields) => entries.push(fields) }, entries }
}

describe('errors of DuckDB', () => {
  it('that the data of a query brings about tell what happened, and nothing of the data', () => {
    const { log, entries } = logged()
    for (const message of [
      'Out of Range Error: Overflow in multiplication of INT64 (secret * 3)!',
      "Conversion Error: Could not convert string 'secret' to INT64\n\nLINE 1: ...",
      'Invalid Input Error: secret',
      'Out of Memory Error: could not allocate block of size 256 KiB (/home/secret)',
    ]) {
      const problem = queryProblem(new Error(message), log)
      expect(problem.code).toBe('query_failed')
      expect(`${problem.message}${problem.cause}`).not.toContain('secret')
    }
    expect(entries).toEqual([])
  })

  it('that are the fault of what compiled the query are logged, with the one line that has no values', () => {
    const { log, entries } = logged()
    const problem = queryProblem(new Error('Binder Error: column "c9" not found\n\nLINE 1: secret'), log)
    expect(problem.code).toBe('query_failed')
    expect(problem.message).not.toContain('c9')
    expect(entries).toEqual([{ kind: 'Binder', refusal: 'Binder Error: column "c9" not found' }])
  })

  it('that are of the storage have the cause for the log', () => {
    const cause = new Error('IO Error: Could not read from file "/home/secret"')
    for (const error of [cause, new Error('FATAL Error: broken'), new Error('odd'), 'odd']) {
      expect(queryProblem(error, silentLog)).toMatchObject({ code: 'storage_failed', cause: error })
    }
    expect(queryProblem(cause, silentLog).message).not.toContain('secret')
  })

  it('of our own pass', () => {
    const problem = new Problem('pipeline_invalid', 'No.')
    expect(queryProblem(problem, silentLog)).toBe(problem)
  })
})
