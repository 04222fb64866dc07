import type { Stage } from '../../access/index.ts'
import type { AppEvent } from './rights.ts'

/** What a client wants to hear of what it may hear: everything (null), one operation, or what it subscribed to. */
export type Wishes = null | { readonly operation: string } | { readonly places: ReadonlySet<string> }

export interface Place {
  readonly app: string | null
  /** Undefined: both. */
  readonly stage?: Stage | undefined
}

/** More than any page shows, and little enough to be kept for thousands of clients. */
export const mostPlaces = 100

export function wants(wishes: Wishes, { app, stage, ...event }: AppEvent): boolean {
  if (wishes === null) return true
  if ('operation' in wishes) return 'operation' in event && event.operation.id === wishes.operation
  // What is of an app and of neither stage concerns both.
  if (stage === null) return [undefined, 'staging', 'production'].some((each) => wishes.places.has(keyOf(app, each)))
  return wishes.places.has(keyOf(app)) || wishes.places.has(keyOf(app, stage))
}

/** `too-many` when there is no room for one more. The first place that is wished for ends wishing for everything. */
export function withPlace(wishes: Wishes, { app, stage }: Place): Wishes | 'too-many' {
  const places = placesOf(wishes)
  if (places.has(keyOf(app, stage))) return wishes
  return places.size >= mostPlaces ? 'too-many' : { places: new Set([...places, keyOf(app, stage)]) }
}

/** Whoever takes the last place back hears nothing; whoever never wished for one still hears everything. */
export function withoutPlace(wishes: Wishes, { app, stage }: Place): Wishes {
  if (wishes === null) return null
  return { places: new Set([...placesOf(wishes)].filter((place) => place !== keyOf(app, stage))) }
}

function placesOf(wishes: Wishes): ReadonlySet<string> {
  return wishes !== null && 'places' in wishes ? wishes.places : new Set()
}

/** Ids of apps hold no blanks. */
function keyOf(app: string | null, stage?: string): string {
  return `${app === null ? ' instance' : app} ${stage ?? ''}`
}
