import { newId } from '../base/index.ts'
import type { Store } from '../store/index.ts'

/** A sign-in that has not ended. It counts only while its user exists, is active and has the same epoch. */
export interface Session {
  readonly id: string
  readonly username: string
  readonly epoch: string
  /** Milliseconds since 1970. */
  readonly createdAt: number
  readonly expiresAt: number
}

export interface Sessions {
  get(id: string): Promise<Session | null>
  /** Those of the ids that are sessions, in no order. */
  getMany(ids: readonly string[]): Promise<Session[]>
  open(session: Omit<Session, 'id'>): Promise<Session>
  end(id: string): Promise<void>
  /** Removes some that expired before `now`. Each sign-in removes more than it adds, so they do not pile up. */
  sweep(now: number): Promise<void>
  /** As a collection's: what was read of sessions is true while it stays the same. */
  changes(): number | undefined
}

const sweepAtOnce = 20

export function createSessions(store: Store): Sessions {
  const sessions = store.collection<Session>({ name: 'sessions', indexes: ['expiresAt'] })
  return {
    async get(id) {
      return (await sessions.get(id))?.doc ?? null
    },
    async getMany(ids) {
      return (await sessions.find({ field: 'id', in: ids })).map(({ doc }) => doc)
    },
    async open(session) {
      return (await sessions.insert({ ...session, id: newId(session.createdAt) })).doc
    },
    async end(id) {
      await sessions.remove(id)
    },
    async sweep(now) {
      const expired = await sessions.find({ field: 'expiresAt', lt: now }, { limit: sweepAtOnce })
      await Promise.all(expired.map(({ doc }) => sessions.remove(doc.id)))
    },
    changes: sessions.changes,
  }
}
