import { type Connected, usernameKey } from '../../auth/index.ts'
import type { Client, Member } from './client.ts'

/** The connections of this process, by sign-in. */
export interface Members {
  /** Counts a connection in; its member is from now on the one that all connections of that sign-in have. */
  enter(client: Client): void
  leave(client: Client): void
  /** Takes a sign-in out, whose connections are then still to be left. False when it is out already. */
  remove(member: Member): boolean
  all(): Iterable<Member>
  /** How many connections there are, and how many of them somebody has. */
  count(username?: string): number
}

export function createMembers(): Members {
  const members = new Map<string, Member>()
  const connections = createTally()

  function remove(member: Member): boolean {
    const key = keyOf(member.who)
    return members.get(key) === member && members.delete(key)
  }

  return {
    enter(client) {
      const { who, principal, until } = client.member
      const member = members.get(keyOf(who)) ?? client.member
      members.set(keyOf(who), member)
      // What came with the connection was read just now, and is the newer one.
      Object.assign(member, { principal, until })
      client.member = member
      member.clients.add(client)
      connections.add(who.username, 1)
    },
    leave(client) {
      const { who, clients } = client.member
      if (!clients.delete(client)) return
      connections.add(who.username, -1)
      if (clients.size === 0) remove(client.member)
    },
    remove,
    all: () => members.values(),
    count: connections.of,
  }
}

/** Connections by username, in whatever spelling. */
function createTally() {
  const counts = new Map<string, number>()
  let all = 0
  return {
    add(username: string, more: number) {
      const key = usernameKey(username)
      const count = (counts.get(key) ?? 0) + more
      all += more
      if (count === 0) counts.delete(key)
      else counts.set(key, count)
    },
    of: (username?: string) => (username === undefined ? all : (counts.get(usernameKey(username)) ?? 0)),
  }
}

/** Of a sign-in. With a password that was changed since, it is another one. */
function keyOf({ session, username, epoch }: Connected): string {
  return session === null ? `password ${epoch} ${usernameKey(username)}` : `session ${session}`
}
