/** Something that one process computes for all of them. */
export interface SharedWork<T> {
  /** What another process has stored meanwhile; throws the error that it has stored. */
  look(): Promise<T | null>
  compute(): Promise<T>
  /** Puts the result where the other processes find it; false when it is not for them. */
  share(result: T): Promise<boolean>
  /** The same for an error that all of them would meet. */
  shareError(error: unknown): Promise<unknown>
}
