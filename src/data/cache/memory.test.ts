import { randomBytes } from 'node:crypto'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { tagOf } from './entry.ts'
import { createAnswerMemory } from './memory.ts'

const plain = (body: Buffer, at = 1) => ({ body, etag: tagOf(body), at })
const text = (size: number) => Buffer.from(JSON.stringify({ data: 'abcdefgh '.repeat(size / 9) }))

it('makes each compressed form once, and counts it', async () => {
  const memory = createAnswerMemory(1_000_000, 1_000_000)
  const { body, forms } = memory.keep('k', plain(text(50_000)))
  const first = forms!
  const alone = memory.size.bytes - first.size()
  const [one, two] = await Promise.all([forms!.get('gzip'), memory.get('k')!.forms!.get('gzip')])
  expect(one).toBe(two)
  const br = await forms!.get('br')
  expect([gunzipSync(one), brotliDecompressSync(br)]).toEqual([body, body])
  expect(memory.size.bytes).toBe(alone + first.size())
  expect(first.size()).toBeGreaterThan(one.length + br.length)
  expect(memory.size.entries).toBe(1)
})

it('does not bring back an entry that was replaced or dropped while a form was made', async () => {
  const memory = createAnswerMemory(100_000, 100_000)
  const first = memory.keep('k', plain(text(20_000), 1))
  const second = memory.keep('k', plain(text(10_000), 2))
  const bytes = memory.size.bytes
  await first.forms!.get('gzip')
  expect([memory.get('k'), memory.size.bytes]).toEqual([second, bytes])
  memory.clear()
  await second.forms!.get('gzip')
  expect(memory.size).toEqual({ entries: 0, bytes: 0 })
})

it('has no compressed forms of small bodies', () => {
  const memory = createAnswerMemory(100_000, 100_000)
  expect(memory.keep('k', plain(Buffer.alloc(1023))).forms).toBeUndefined()
  expect(memory.keep('k', plain(Buffer.alloc(1024))).forms).toBeDefined()
})

it('keeps the newer of two', () => {
  const memory = createAnswerMemory(100_000, 100_000)
  memory.keep('k', plain(Buffer.from('new'), 2))
  memory.keep('k', plain(Buffer.from('old'), 1))
  expect(memory.get('k')!.body.toString()).toBe('new')
})

it('holds no more than its bytes: not the block that a small body was cut from', () => {
  const memory = createAnswerMemory(100_000, 100_000)
  const { body } = memory.keep('k', plain(randomBytes(8192).subarray(0, 10)))
  expect(body.buffer.byteLength).toBe(10)
})

it('stays within its budget over 100,000 answers, and uses it', () => {
  const budget = 16 * 1024 * 1024
  const memory = createAnswerMemory(budget, budget)
  let largest = 0
  for (let n = 0; n < 100_000; n++) {
    memory.keep(`data:shop:${n.toString(16).padStart(64, '0')}`, plain(Buffer.alloc(200 + (n % 7) * 300)))
    largest = Math.max(largest, memory.size.bytes)
  }
  expect(largest).toBeLessThanOrEqual(budget)
  expect(memory.size.bytes).toBeGreaterThan(budget * 0.9)
})

it('keeps nothing larger than an entry may be, or than the budget', () => {
  const memory = createAnswerMemory(10_000, 5000)
  memory.keep('small', plain(Buffer.alloc(4000)))
  memory.keep('large', plain(Buffer.alloc(5001)))
  expect([memory.get('small') === undefined, memory.get('large') === undefined]).toEqual([false, true])
  const none = createAnswerMemory(0, 5000)
  none.keep('k', plain(Buffer.alloc(10)))
  expect(none.get('k')).toBeUndefined()
})
