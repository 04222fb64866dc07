import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { createNotes } from './notes.ts'
import type { OperationRecord } from './operation-record.ts'

it('what is said while a write is on its way is written by another one, after it', async () => {
  const written: number[] = []
  let go = () => {}
  let most = 0
  let writing = 0
  const notes = createNotes({ progress: null, lines: [] }, async () => {
    most = Math.max(most, ++writing)
    written.push(notes.writtenInto({} as OperationRecord).lines.length)
    await new Promise<void>((resolve) => {
      go = resolve
    })
    writing--
  })
  notes.say('one')
  await expect.poll(() => written).toEqual([1])
  notes.say('two')
  notes.say('three')
  await sleep(300)
  go()
  await expect.poll(() => written).toEqual([1, 3])
  go()
  await sleep(300)
  notes.end()
  expect(written).toEqual([1, 3])
  expect(most).toBe(1)
})
