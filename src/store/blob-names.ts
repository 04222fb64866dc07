import { Problem } from '../base/index.ts'

/** In bytes; `end` is exclusive. */
export interface Range {
  readonly start: number
  readonly end: number
}

export const hashPattern = /^[0-9a-f]{64}$/

/** Errors: `internal`. */
export function checkRange({ start, end }: Range): void {
  if (Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && end >= start) return
  throw new Problem('internal', `There is no range of bytes from ${start} to ${end}.`)
}
