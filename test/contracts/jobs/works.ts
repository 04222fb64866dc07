import { setTimeout as sleep } from 'node:timers/promises'
import { Problem } from '../../../src/base/index.ts'
import type { Works } from '../../../src/jobs/index.ts'

/** Heavy work that behaves, and some that does not. */
export const works: Works = {
  echo: async (payload) => payload as null,
  nothing: async () => undefined as never,
  pid: async () => process.pid,
  'pid slowly': async () => sleep(300).then(() => process.pid),
  environment: async () => ({ ...process.env }) as Record<string, string>,
  async count(_, { progress }) {
    progress({ stage: 'counting', percent: 0 })
    progress({ stage: 'counting', percent: 50 })
    progress({ stage: 'ending' })
    return null
  },
  async refuse() {
    throw new Problem('csv_invalid', 'Not a table.', { errors: [{ path: '/line', message: 'no comma', line: 3 }] })
  },
  wait: (_, { signal }) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  async throw() {
    throw new Error('odd')
  },
  async exit() {
    process.exit(7)
  },
  async kill() {
    process.kill(process.pid, 'SIGKILL')
    return sleep(10_000).then(() => null)
  },
  async block(_, { progress }) {
    progress({ stage: String(process.pid) })
    await sleep(50)
    for (;;) Math.random()
  },
  async 'fill the heap'() {
    const kept: number[][] = []
    for (;;) kept.push(Array.from({ length: 10_000 }, Math.random))
  },
  async 'fill buffers'() {
    const kept: Buffer[] = []
    for (;;) {
      kept.push(Buffer.alloc(4 * 1024 ** 2, kept.length))
      await sleep(5)
    }
  },
}
