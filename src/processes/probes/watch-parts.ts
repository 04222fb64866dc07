import { setTimeout as sleep } from 'node:timers/promises'
import { type Log, Problem } from '../../base/index.ts'

/** Something outside that a process works with. */
export interface Part {
  readonly name: string
  /** Whether the process is of no use without it. */
  readonly needed: boolean
  /** Fails when the part does not answer. */
  check(): Promise<unknown>
}

export interface PartsState {
  /** Names of needed parts that do not answer. */
  readonly failed: readonly string[]
  /** Names of others that do not answer. */
  readonly missing: readonly string[]
}

export interface WatchDeps {
  readonly parts: readonly Part[]
  readonly log: Log
  readonly tell: (state: PartsState) => void
  readonly everyMs?: number
  /** How long a part may take to answer. */
  readonly patienceMs?: number
}

export interface PartsWatch {
  close(): Promise<void>
}

/** Asks all parts, at once and then again and again. Each change is logged once, however long it lasts. Resolves after the first round. */
export async function watchParts(deps: WatchDeps): Promise<PartsWatch> {
  const { parts, log, tell, everyMs = 2000, patienceMs = 2000 } = deps
  const down = new Set<string>()
  const end = new AbortController()

  async function look({ name, check }: Part): Promise<void> {
    const trouble = await troubleOf(check, patienceMs)
    if (end.signal.aborted || (trouble === undefined) === !down.has(name)) return
    if (trouble === undefined) {
      down.delete(name)
      log.info({ part: name }, 'answers again')
    } else {
      down.add(name)
      log.warn({ part: name, err: trouble }, 'does not answer')
    }
  }

  async function round(): Promise<void> {
    await Promise.all(parts.map(look))
    if (end.signal.aborted) return
    const names = (needed: boolean) =>
      parts.filter((part) => part.needed === needed && down.has(part.name)).map(({ name }) => name)
    tell({ failed: names(true), missing: names(false) })
  }

  async function rounds(): Promise<void> {
    while (!end.signal.aborted) {
      await sleep(everyMs, undefined, { signal: end.signal, ref: false }).catch(() => {})
      if (!end.signal.aborted) await round()
    }
  }

  await round()
  const running = rounds()
  return {
    async close() {
      end.abort()
      await running
    },
  }
}

/** Undefined when it answered in time. */
async function troubleOf(check: () => Promise<unknown>, patienceMs: number): Promise<unknown> {
  const stop = new AbortController()
  const late = sleep(patienceMs, undefined, { signal: stop.signal, ref: false }).then(
    () => new Problem('not_ready', `No answer within ${patienceMs} ms.`),
    () => undefined,
  )
  try {
    return await Promise.race([check().then(() => undefined), late])
  } catch (error) {
    return error
  } finally {
    stop.abort()
  }
}
