import { existsSync } from 'node:fs'
import { Problem } from '../../base/index.ts'
import type { Works } from '../port.ts'
import { workNamed } from './inline-work.ts'
import { type FromChild, failureOf, toChildSchema } from './messages.ts'
import { sampleEveryMs } from './resident-memory.ts'

/**
 * The child's side of `createChildWork`: does what the parent asks for, until the parent goes. Signals that a terminal or a supervisor
 * sends to the whole group are the parent's to answer.
 */
export function serveWork(works: Works): void {
  const running = new Map<number, AbortController>()

  function tell(message: FromChild): void {
    // The channel closes before `disconnect` is heard.
    if (process.connected) process.send?.(message)
  }

  async function run(id: number, name: string, payload: unknown): Promise<void> {
    const abort = new AbortController()
    running.set(id, abort)
    try {
      const work = workNamed(works, name)
      const result = await work(payload, { signal: abort.signal, progress: (at) => tell({ kind: 'progress', id, at }) })
      tell({ kind: 'done', id, result: result ?? null })
    } catch (error) {
      tell({ kind: 'failed', id, failure: failureOf(error) })
    } finally {
      running.delete(id)
    }
  }

  process.on('message', (message: unknown) => {
    const read = toChildSchema.safeParse(message)
    if (!read.success) return
    if (read.data.kind === 'run') void run(read.data.id, read.data.name, read.data.payload)
    else running.get(read.data.id)?.abort(new Problem('cancelled', 'The work was given up.'))
  })
  process.on('disconnect', () => process.exit(0))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
  if (!existsSync('/proc/self/status')) {
    setInterval(() => tell({ kind: 'memory', bytes: process.memoryUsage.rss() }), sampleEveryMs).unref()
  }
}
