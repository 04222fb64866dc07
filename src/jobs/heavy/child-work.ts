import { Problem } from '../../base/index.ts'
import type { HeavyWork } from '../port.ts'
import { type Child, startChild } from './child.ts'
import type { ChildWorkOptions } from './watched-process.ts'

/** A process that has done so many is replaced: what its libraries leak ends with it. */
const worksEach = 20
const idleMs = 60_000

/**
 * Runs each work in a process of its own, which can be killed without harm to this one. Processes are kept warm for a minute, since
 * starting one takes half a second.
 */
export function createChildWork(options: ChildWorkOptions): HeavyWork {
  const children = new Set<Child>()
  const idle = new Map<Child, NodeJS.Timeout>()
  let isClosed = false

  function take(): Child {
    for (const [child, timer] of idle) {
      clearTimeout(timer)
      idle.delete(child)
      if (child.isAlive) return child
      children.delete(child)
    }
    const child = startChild(options)
    children.add(child)
    return child
  }

  function putBack(child: Child): void {
    if (!isClosed && child.isAlive && child.given < worksEach) {
      idle.set(child, setTimeout(() => end(child), idleMs).unref())
    } else end(child)
  }

  function end(child: Child): void {
    idle.delete(child)
    children.delete(child)
    void child.kill()
  }

  return {
    async run(name, payload, about) {
      if (isClosed) throw new Problem('cancelled', 'The process ends.')
      const child = take()
      try {
        return await child.run(name, payload, about)
      } finally {
        putBack(child)
      }
    },
    async close() {
      isClosed = true
      for (const timer of idle.values()) clearTimeout(timer)
      await Promise.all([...children].map((child) => child.kill()))
    },
  }
}
