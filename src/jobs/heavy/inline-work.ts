import { Problem } from '../../base/index.ts'
import type { HeavyWork, Works } from '../port.ts'

/** Runs heavy work in this process: nothing is started, and nothing is held back either. */
export function createInlineWork(works: Works): HeavyWork {
  return {
    run: async (name, payload, { signal, progress }) => {
      if (signal.aborted) throw abortedBy(signal)
      return (await workNamed(works, name)(payload, { signal, progress })) ?? null
    },
    close: async () => {},
  }
}

/** Errors: `internal` when there is no such work: whoever asks for it is of the same program. */
export function workNamed(works: Works, name: string): Works[string] {
  const work = Object.hasOwn(works, name) ? works[name] : undefined
  if (work) return work
  throw new Problem('internal', `There is no heavy work "${name}".`)
}

export function abortedBy(signal: AbortSignal): Problem {
  return signal.reason instanceof Problem ? signal.reason : new Problem('cancelled', 'The work was given up.')
}
