import type { OperationRecord } from './operation-record.ts'
import type { Progress } from './port.ts'

/** What a running operation says of itself. */
export interface Notes {
  progress(at: { readonly stage: string; readonly percent?: number }): void
  say(line: string): void
  writtenInto(record: OperationRecord): OperationRecord
  end(): void
}

/** At most four writes a second. What was said last is written by the next one, or with the end of the operation. */
const writeEveryMs = 250
const linesKept = 50
const longestText = 300

/** `write` is called some time after something was said. */
export function createNotes(begun: Pick<OperationRecord, 'progress' | 'lines'>, write: () => Promise<void>): Notes {
  const startedAt = performance.now()
  let { progress, lines } = begun
  let timer: NodeJS.Timeout | undefined
  let writtenAt = Number.NEGATIVE_INFINITY
  let isStale = false
  let isEnded = false

  function writeSoon(): void {
    isStale = true
    if (timer !== undefined || isEnded) return
    const wait = Math.max(0, writtenAt + writeEveryMs - performance.now())
    timer = setTimeout(() => {
      writtenAt = performance.now()
      isStale = false
      // An operation that somebody else has is told so by its signal.
      write()
        .catch(() => {})
        .finally(() => {
          timer = undefined
          // What was said meanwhile may have come too late for this write.
          if (isStale) writeSoon()
        })
    }, wait).unref()
  }

  return {
    progress({ stage, percent }) {
      progress = progressOf(shorten(stage), percent, performance.now() - startedAt)
      writeSoon()
    },
    say(line) {
      lines = [...lines, shorten(line)].slice(-linesKept)
      writeSoon()
    },
    writtenInto: (record) => ({ ...record, progress, lines }),
    end() {
      isEnded = true
      clearTimeout(timer)
    },
  }
}

/** The rest is expected to go as fast as what was done: good enough to tell seconds from hours. */
export function progressOf(stage: string, percent: number | undefined, elapsedMs: number): Progress {
  if (percent === undefined || !Number.isFinite(percent)) return { stage, percent: null, remainingMs: null }
  const done = Math.min(100, Math.max(0, percent))
  return { stage, percent: done, remainingMs: done === 0 ? null : Math.round((elapsedMs * (100 - done)) / done) }
}

function shorten(text: string): string {
  const line = text.toWellFormed().replaceAll(/\s+/g, ' ').trim()
  return line.length <= longestText ? line : `${line.slice(0, longestText - 1)}…`.toWellFormed()
}
