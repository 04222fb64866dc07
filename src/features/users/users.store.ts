import { type Account, usernameKey } from '../../auth/index.ts'
import { isProblem } from '../../base/index.ts'
import type { Filter, Store, Stored } from '../../store/index.ts'

/** A user as it is kept. `id` is the username in the form that makes two spellings one user. */
export interface User extends Account {
  readonly id: string
  /** Whether the password is good enough for an administrator: its hash does not tell. */
  readonly strongPassword: boolean
  /** ISO 8601. */
  readonly createdAt: string
  readonly createdBy: string | null
}

export interface UserStore {
  /** By a name in any spelling. */
  find(username: string): Promise<Stored<User> | null>
  /** Those of the names that are users, in no order. */
  findMany(usernames: readonly string[]): Promise<Stored<User>[]>
  /** As a collection's: what was read of users is true while it stays the same. */
  changes(): number | undefined
  /** In the order of their names, from behind `after`; all without a `limit`. */
  list(options?: { readonly limit?: number | undefined; readonly after?: string | undefined }): Promise<Stored<User>[]>
  /** Errors: `conflict`. */
  insert(user: User): Promise<Stored<User>>
  /** Errors: `precondition_failed`. */
  replace(user: User, ifVersion: number): Promise<Stored<User>>
  /** Errors: `precondition_failed`. */
  remove(username: string, ifVersion: number): Promise<void>
  administrators(): Promise<User[]>
  /** Usernames. */
  membersOf(group: string): Promise<string[]>
  /** Takes a group from every user that has it. */
  removeGroup(group: string): Promise<void>
  /** Takes every privilege on an app from everybody. */
  revokeApp(app: string): Promise<void>
}

export function createUserStore(store: Store): UserStore {
  const users = store.collection<User>({ name: 'users' })

  /** Changes each user that the filter finds until it finds none: `change` must lead out of it. */
  async function changeAll(filter: Filter, change: (user: User) => User): Promise<void> {
    for (let found = await users.find(filter); found.length > 0; found = await users.find(filter)) {
      for (const { doc, version } of found) {
        await users.replace(change(doc), version).catch((error: unknown) => {
          // Changed or removed meanwhile: the next round looks at it again.
          if (!isProblem(error, 'precondition_failed')) throw error
        })
      }
    }
  }

  return {
    find: (username) => users.get(usernameKey(username)),
    findMany: (usernames) => users.find({ field: 'id', in: usernames.map(usernameKey) }),
    changes: users.changes,
    list: ({ limit, after } = {}) =>
      users.find(undefined, { ...(limit && { limit }), ...(after !== undefined && { after: usernameKey(after) }) }),
    insert: (user) => users.insert(user),
    replace: (user, ifVersion) => users.replace(user, ifVersion),
    async remove(username, ifVersion) {
      await users.remove(usernameKey(username), ifVersion)
    },
    async administrators() {
      const found = await users.find({
        or: [
          { field: 'roles', contains: 'ADMIN' },
          { field: 'roles', contains: 'SUPER_ADMIN' },
        ],
      })
      return found.map(({ doc }) => doc)
    },
    async membersOf(group) {
      return (await users.find({ field: 'groups', contains: group })).map(({ doc }) => doc.username)
    },
    removeGroup: (group) =>
      changeAll({ field: 'groups', contains: group }, (user) => ({
        ...user,
        groups: user.groups.filter((name) => name !== group),
      })),
    revokeApp: (app) =>
      changeAll(
        { field: `privileges.${app}`, exists: true },
        ({ privileges: { [app]: _, ...privileges }, ...user }) => ({
          ...user,
          privileges,
        }),
      ),
  }
}
