import type { ProblemItem } from '../../base/index.ts'

/** What a reference to a saved query stands for: the name of a domain, or steps as a client would send them; undefined when there is none. */
export type FindReference = (uid: string) => unknown

/** What is known of one request while its pipeline is read. */
export interface Reader {
  readonly errors: ProblemItem[]
  /** Steps so far, at all levels. */
  count: number
  readonly most: number
  readonly reference: FindReference | undefined
  readonly mayBeNative: boolean
}

/** Where in it the reading is. */
export interface Level {
  readonly reader: Reader
  readonly place: string
  readonly level: number
  /** The saved queries that this place is inside of, the outermost first. */
  readonly within: readonly string[]
}
