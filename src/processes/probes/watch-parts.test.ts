import { expect, it } from 'vitest'
import type { Log } from '../../base/index.ts'
import { type PartsState, watchParts } from './watch-parts.ts'

function aWatch() {
  const told: PartsState[] = []
  const logged: string[] = []
  const log = {
    info: (fields: { part: string }, message: string) => logged.push(`${fields.part} ${message}`),
    warn: (fields: { part: string }, message: string) => logged.push(`${fields.part} ${message}`),
  } as unknown as Log
  const answers = { store: true, bus: true }
  const check = (name: keyof typeof answers) => async () => {
    if (!answers[name]) throw new Error('gone')
  }
  const watch = watchParts({
    parts: [
      { name: 'store', needed: true, check: check('store') },
      { name: 'bus', needed: false, check: check('bus') },
      { name: 'slow', needed: true, check: () => (answers.bus ? Promise.resolve() : new Promise(() => {})) },
    ],
    log,
    tell: (state) => told.push(state),
    everyMs: 20,
    patienceMs: 50,
  })
  return { watch, answers, told, logged }
}

it('has looked once before it resolves', async () => {
  const { watch, told } = aWatch()
  const { close } = await watch
  expect(told).toEqual([{ failed: [], missing: [] }])
  await close()
})

it('tells what does not answer or not in time, and logs each change once', async () => {
  const { watch, answers, told, logged } = aWatch()
  const { close } = await watch
  answers.store = false
  await expect.poll(() => told.at(-1)).toEqual({ failed: ['store'], missing: [] })
  answers.bus = false
  await expect.poll(() => told.at(-1)).toEqual({ failed: ['store', 'slow'], missing: ['bus'] })
  answers.store = true
  answers.bus = true
  await expect.poll(() => told.at(-1)).toEqual({ failed: [], missing: [] })
  await close()
  expect(logged.toSorted()).toEqual([
    'bus answers again',
    'bus does not answer',
    'slow answers again',
    'slow does not answer',
    'store answers again',
    'store does not answer',
  ])
  const before = told.length
  await new Promise((resolve) => setTimeout(resolve, 60))
  expect(told.length).toBe(before)
})
