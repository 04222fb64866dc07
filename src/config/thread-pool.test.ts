import { expect, it } from 'vitest'
import { threadPoolSize } from './thread-pool.ts'

it.each([
  [undefined, 4],
  ['24', 24],
  ['1', 1],
  ['0', 1],
  ['-3', 1],
  ['many', 1],
  ['', 1],
  ['5000', 1024],
])('a thread pool that is said to have %j threads has %i', (text, threads) => {
  expect(threadPoolSize(text === undefined ? {} : { UV_THREADPOOL_SIZE: text })).toBe(threads)
})
