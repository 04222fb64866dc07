/** What an operator can set about cached answers. */
export interface CacheSettings {
  readonly enabled: boolean
  /** How long an answer is served as it is, counted from when its reading began. A domain or connection may bring its own. */
  readonly ttlMs: number
  /** How much longer it may be served while it is read again. The oldest answer is thus `ttlMs` + `staleMs` old. */
  readonly staleMs: number
  /** Larger bodies are not kept. */
  readonly maxEntryBytes: number
  /** The budget in this process, compressed forms included; 0 keeps nothing here. */
  readonly memoryBytes: number
  /** What took less is kept in this process only. */
  readonly minTimeMs: number
  /** How long the error of a source is given again without asking it; 0 asks each time. */
  readonly errorTtlMs: number
  /** Reads a minute that one user may force on one app. */
  readonly freshReads: number
}

/** The patience of the cache with the bus and with other processes, in milliseconds unless it says otherwise. */
export interface CacheTimes {
  /** For one operation on the bus; the cache does without the bus when it takes longer. */
  readonly busDeadline: number
  /** For handing a body over, which may be large and which nobody waits for. */
  readonly storeDeadline: number
  /** Failures in a row after which the bus is left alone (a count), and for how long. */
  readonly busFailures: number
  readonly busPause: number
  /** A process that computes for others must show a sign of life within this. */
  readonly lease: number
  /** How often a waiting process looks for itself, should a message be lost. */
  readonly look: number
}

export const cacheTimes: CacheTimes = {
  busDeadline: 75,
  storeDeadline: 1000,
  busFailures: 3,
  busPause: 2000,
  lease: 5000,
  look: 1000,
}
