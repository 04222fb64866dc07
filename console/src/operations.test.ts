import { describe, expect, it } from 'vitest'
import type { Operation } from './api/types.ts'
import { jobWords, lastWords, stateWords, whenWords, withOperations } from './operations.ts'

const operation = (fields: Partial<Operation> = {}): Operation => ({
  id: '01a',
  job: 'publish',
  app: 'shop',
  stage: 'production',
  state: 'running',
  by: 'ada',
  attempt: 1,
  progress: null,
  lines: [],
  error: null,
  created_at: '2026-03-01T12:00:00.000Z',
  started_at: '2026-03-01T12:00:01.000Z',
  ended_at: null,
  changed_at: '2026-03-01T12:00:01.000Z',
  ...fields,
})

describe('withOperations', () => {
  it('puts the newest first, and keeps no more than are shown', () => {
    const many = Array.from({ length: 30 }, (_, n) => operation({ id: String(n + 10) }))
    const shown = withOperations(many.slice(0, 5), many)
    expect([shown.length, shown[0]?.id, shown[19]?.id]).toEqual([20, '39', '20'])
  })

  it('takes what is newer, and what is told again', () => {
    const done = operation({ state: 'done', changed_at: '2026-03-01T12:00:02.000Z' })
    expect(withOperations([operation()], [done])).toEqual([done])
    expect(withOperations([done], [operation()])).toEqual([done])
    expect(withOperations([done], [{ ...done, lines: ['x'] }])[0]?.lines).toEqual(['x'])
  })

  it('knows what comes later within one millisecond', () => {
    const [queued, running, done] = (['queued', 'running', 'done'] as const).map((state) => operation({ state }))
    if (!queued || !running || !done) throw new Error('three states')
    expect(withOperations([running], [queued])[0]?.state).toBe('running')
    expect(withOperations([done], [running])[0]?.state).toBe('done')
    const again = operation({ state: 'queued', attempt: 2 })
    expect(withOperations([done], [again])).toEqual([again])
  })
})

describe('words', () => {
  it('say what is done, and where', () => {
    expect(jobWords(operation())).toBe('Publication, production')
    expect(jobWords(operation({ job: 'refresh', stage: 'staging' }))).toBe('Refresh, staging')
    expect(jobWords(operation({ job: 'toString', stage: null }))).toBe('toString')
  })

  it('say how far it is', () => {
    const at = (stage: string, percent: number | null) =>
      stateWords(operation({ progress: { stage, percent, remaining_ms: null } }))
    expect(stateWords(operation())).toBe('runs')
    expect(at('reading orders', 41.9)).toBe('reading orders, 41\u00a0%')
    expect(at('', null)).toBe('runs')
    expect(stateWords(operation({ state: 'failed', progress: { stage: 'x', percent: 1, remaining_ms: null } }))).toBe(
      'failed',
    )
  })

  it('say when, by whom, and how long', () => {
    const took = (ended_at: string) => whenWords(operation({ state: 'done', ended_at }), 'en-GB')
    expect(whenWords(operation(), 'en-GB')).toMatch(/^\d\d:\d\d by ada$/)
    expect(took('2026-03-01T12:00:01.400Z')).toMatch(/ by ada, took less than a second$/)
    expect(took('2026-03-01T12:01:01.000Z')).toMatch(/, took 60 s$/)
    expect(took('2026-03-01T12:10:11.000Z')).toMatch(/, took 10 min$/)
    expect(whenWords(operation({ by: null }), 'en-GB')).toMatch(/^\d\d:\d\d$/)
  })

  it('say last what it said last, or why it failed', () => {
    expect(lastWords(operation({ lines: ['a', 'b', 'c'] }))).toEqual(['b', 'c'])
    expect(lastWords(operation({ lines: ['a'], error: { title: 'No', detail: 'Because.' } }))).toEqual(['No: Because.'])
  })
})
