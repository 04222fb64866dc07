import { type Clock, isProblem, Problem } from '../../base/index.ts'
import type { Group, GroupStore } from './groups.store.ts'

export interface GroupsDeps {
  readonly groups: GroupStore
  /** The usernames of who is in a group. Users are another feature's. */
  readonly membersOf: (group: string) => Promise<readonly string[]>
  /** Takes a group from every user that has it. */
  readonly removeFromUsers: (group: string) => Promise<void>
  readonly clock: Clock
}

export interface Groups {
  list(): Promise<Group[]>
  /** Errors: `not_found`. */
  get(name: string): Promise<Group & { readonly members: readonly string[] }>
  /** Errors: `conflict`. */
  create(by: string | null, name: string): Promise<Group>
  /** Errors: `not_found`. */
  remove(name: string): Promise<void>
}

export function createGroups({ groups, membersOf, removeFromUsers, clock }: GroupsDeps): Groups {
  async function read(name: string): Promise<Group> {
    const group = await groups.find(name)
    if (!group) throw new Problem('not_found', `There is no group "${name}".`)
    return group
  }

  return {
    list: () => groups.list(),
    async get(name) {
      const group = await read(name)
      return { ...group, members: await membersOf(group.name) }
    },
    async create(by, name) {
      const group = { name, createdAt: new Date(clock.now()).toISOString(), createdBy: by }
      return groups.insert(group).catch((error: unknown) => {
        throw isProblem(error, 'conflict') ? new Problem('conflict', `There is a group "${name}" already.`) : error
      })
    },
    async remove(name) {
      const group = await read(name)
      // Users first: a crash leaves a group with fewer members, never members whom a later group of the same name would inherit.
      await removeFromUsers(group.name)
      await groups.remove(group.name)
      // Again, for a user who was put into it in between; from here on nobody can be.
      await removeFromUsers(group.name)
    },
  }
}
