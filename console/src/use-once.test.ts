import { expect, it } from 'vitest'
import { useOnce } from './use-once.ts'

it('does what is asked for once at a time, and again when that has ended, well or not', async () => {
  const asked: { what: string; done: () => void; fail: (error: Error) => void }[] = []
  const { busy, ask } = useOnce(
    (what: string) => new Promise<void>((done, fail) => void asked.push({ what, done, fail })),
  )
  const first = ask('first')
  await ask('while the first goes on')
  expect(busy.value).toBe(true)
  asked[0]?.done()
  await first
  expect(busy.value).toBe(false)
  const second = ask('second')
  asked[1]?.fail(new Error('no'))
  await expect(second).rejects.toThrow('no')
  expect(busy.value).toBe(false)
  expect(asked.map(({ what }) => what)).toEqual(['first', 'second'])
})
