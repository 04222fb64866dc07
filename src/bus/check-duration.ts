import { Problem } from '../base/index.ts'

/** Errors: `internal` for a length of time that would be over at once, or never. */
export function checkDuration(ms: number): void {
  if (!Number.isFinite(ms) || ms <= 0) throw new Problem('internal', `${ms} is not a length of time in milliseconds.`)
}
