/** How the answer to a request for long work is given. */
export interface LongWork {
  /** How long the answer waits for the end of the work; 0: not at all. */
  readonly patienceMs: number
  /** What the answer says besides its body: where to follow the work, and which preference was followed. */
  head(done: boolean, location: string): { readonly status: 200 | 202; readonly headers: Record<string, string> }
}

/** Nobody holds a connection for longer, unless the route says so itself. */
const longestWaitS = 60

/**
 * Reads what a client prefers (RFC 7240): `Prefer: wait=<seconds>`, at most 60, or `respond-async`. A preference that is unknown or makes no
 * sense counts as not said. `usualMs`: how long the route waits where nothing was said; default: not at all.
 */
export function longWork(headers: Readonly<Record<string, string | undefined>>, usualMs = 0): LongWork {
  const said = (headers.prefer ?? '').split(',').map((preference) => preference.split(';')[0]?.trim() ?? '')
  const seconds = said.map((preference) => /^wait\s*=\s*"?(\d{1,9})"?$/i.exec(preference)?.[1]).find((text) => text)
  const wait = seconds === undefined ? null : Math.min(Number(seconds), longestWaitS)
  const isAsync = wait === null && said.some((preference) => preference.toLowerCase() === 'respond-async')
  const applied = wait === null ? 'respond-async' : `wait=${wait}`
  return {
    patienceMs: wait === null ? (isAsync ? 0 : usualMs) : wait * 1000,
    head: (done, location) => ({
      status: done ? 200 : 202,
      headers: { location, ...((isAsync || wait !== null) && { 'preference-applied': applied }) },
    }),
  }
}
