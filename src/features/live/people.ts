import type { Connected, Presence } from '../../auth/index.ts'
import { type Clock, Problem } from '../../base/index.ts'
import type { Client, Member } from './client.ts'
import { createMembers, type Members } from './members.ts'

/** Who is connected, and what they may do: rights come from the store, and are never older than half a second when they are used. */
export interface People extends Pick<Members, 'enter' | 'leave' | 'all' | 'count'> {
  /** Looks whether somebody is signed in. Errors: `unauthenticated`. */
  join(who: Connected): Promise<Client['member']>
  /** Looks at everybody's rights again, unless that was done just now or nothing was written since. Errors: those of the store. */
  look(): Promise<void>
  /** Whatever was read up to now counts as old. */
  doubt(): void
}

export interface PeopleDeps {
  readonly presence: Presence
  readonly clock: Clock
  /** Called for whoever is signed in no longer. */
  readonly ended: (member: Member) => void
}

/** How old rights may be where the store does not tell of changes. Milliseconds. */
const freshMs = 500

export function createPeople({ presence, clock, ended }: PeopleDeps): People {
  const { remove, ...members } = createMembers()
  let looked: { readonly changes: number | undefined; readonly at: number } | null = null
  let looking: Promise<void> | null = null
  let doubts = 0

  function isFresh(): boolean {
    if (looked === null) return false
    const changes = presence.changes()
    return changes === undefined ? performance.now() - looked.at < freshMs : changes === looked.changes
  }

  async function lookAtAll(): Promise<void> {
    // Both are taken before reading: a change in between makes what was read old already.
    const look = { changes: presence.changes(), at: performance.now() }
    const doubtsBefore = doubts
    const all = [...members.all()]
    const found = await presence.check(all.map(({ who }) => who))
    for (const [at, member] of all.entries()) {
      const present = found[at]
      if (present) Object.assign(member, { principal: present.principal, until: present.until })
      else end(member)
    }
    if (doubts === doubtsBefore) looked = look
  }

  function doubt(): void {
    looked = null
    doubts++
  }

  function end(member: Member): void {
    if (remove(member)) ended(member)
  }

  return {
    ...members,
    doubt,
    enter(client) {
      // The last look may have come between: it has not seen this one, whose rights were read before.
      if (client.member.changes !== presence.changes()) doubt()
      members.enter(client)
    },
    async join(who) {
      const changes = presence.changes()
      const [present] = await presence.check([who])
      if (!present) throw new Problem('unauthenticated', 'The session has ended; sign in again.')
      const { principal, until, epoch } = present
      return { who: { ...who, epoch }, principal, until, changes, clients: new Set() }
    },
    async look() {
      const now = clock.now()
      for (const member of members.all()) if (member.until <= now) end(member)
      if (members.count() === 0 || isFresh()) return
      // One that is on its way may have read before whatever the caller knows of.
      await looking
      if (isFresh()) return
      looking ??= lookAtAll().finally(() => {
        looking = null
      })
      await looking
    },
  }
}
