/** The time of all threads of a process, which no change of the clock moves. */
export function monotonicMs(): bigint {
  return process.hrtime.bigint() / 1_000_000n
}
