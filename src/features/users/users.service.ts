import { isAdmin } from '../../access/index.ts'
import { type Passwords, usernameKey } from '../../auth/index.ts'
import { type Clock, nearestNames, newSecret, Problem } from '../../base/index.ts'
import type { Bus } from '../../bus/index.ts'
import type { Stored } from '../../store/index.ts'
import type { LoginStore } from './logins.store.ts'
import {
  type Actor,
  checkActor,
  checkOthersRemain,
  checkPromotion,
  endsAdministrator,
  type Transition,
} from './user-rules.ts'
import type { NewUser, UserChange, UserView } from './users.schema.ts'
import type { User, UserStore } from './users.store.ts'

export interface UsersDeps {
  readonly users: UserStore
  readonly logins: LoginStore
  readonly passwords: Passwords
  readonly bus: Bus
  readonly clock: Clock
  /** The groups that a user may be in. */
  readonly groupNames: () => Promise<readonly string[]>
}

/** A user with the tag of this state, for `ETag` and `If-Match`. */
export interface Tagged {
  readonly user: UserView
  readonly etag: string
}

export interface Users {
  list(page: { readonly limit?: number | undefined; readonly after?: string | undefined }): Promise<UserView[]>
  /** Errors: `not_found`. */
  get(username: string): Promise<Tagged>
  /** Errors: `conflict`, `forbidden`, `invalid_request`. */
  create(actor: Actor, user: NewUser): Promise<Tagged>
  /** `expected` is from the tag. Errors: `not_found`, `precondition_failed`, `forbidden`, `invalid_request`. */
  change(
    actor: Actor,
    username: string,
    edit: { readonly change: UserChange; readonly expected?: string | undefined },
  ): Promise<Tagged>
  /** Ends the user's sessions with the next request. Errors: `not_found`, `precondition_failed`, `forbidden`. */
  remove(actor: Actor, username: string, expected?: string): Promise<void>
  recordLogin(username: string): Promise<void>
}

export function createUsers(deps: UsersDeps): Users {
  const { users, logins, clock } = deps

  async function read(username: string, expected?: string): Promise<Stored<User>> {
    const stored = await users.find(username)
    if (!stored) throw new Problem('not_found', `There is no user "${username}".`)
    if (expected !== undefined && versionOf(expected) !== stored.version) {
      throw new Problem('precondition_failed', `"${stored.doc.username}" was changed meanwhile.`)
    }
    return stored
  }

  async function tagged({ doc, version }: Stored<User>): Promise<Tagged> {
    const dates = (await logins.of([doc.id])).get(doc.id) ?? []
    return { user: viewOf(doc, dates), etag: `"${version}-${dates.at(-1) ?? 0}"` }
  }

  return {
    async list(page) {
      const found = (await users.list(page)).map(({ doc }) => doc)
      const dates = await logins.of(found.map(({ id }) => id))
      return found.map((user) => viewOf(user, dates.get(user.id) ?? []))
    },
    get: async (username) => tagged(await read(username)),
    async create(actor, input) {
      const created = await applyChange(deps, blankUser(input.username, { actor, now: clock.now() }), input)
      checkActor(actor, { before: null, after: created })
      return tagged(await users.insert(created).catch(rephraseConflict(input.username)))
    },
    async change(actor, username, { change, expected }) {
      const { doc: before, version } = await read(username, expected)
      const after = await applyChange(deps, before, change)
      checkActor(actor, { before, after })
      return tagged(await guardingAdministrators(deps, { before, after }, () => users.replace(after, version)))
    },
    async remove(actor, username, expected) {
      const { doc: before, version } = await read(username, expected)
      checkActor(actor, { before, after: null })
      await guardingAdministrators(deps, { before, after: null }, async () => {
        // First the history: a crash between the two leaves a user, never a history that the next user of the name would inherit.
        await logins.remove(username)
        await users.remove(username, version)
      })
    },
    recordLogin: (username) => logins.record(username, clock.now()),
  }
}

const adminLock = { key: 'users:administrators', leaseMs: 10_000, attempts: 40, pauseMs: 50 }

/** Two administrators may remove each other at the same moment: who counts the others must be alone. */
async function guardingAdministrators<T>(deps: UsersDeps, transition: Transition, write: () => Promise<T>): Promise<T> {
  const { before } = transition
  if (!before || !endsAdministrator(transition, deps.clock.now())) return write()
  const lease = await acquire(deps.bus)
  try {
    checkOthersRemain(before.id, { administrators: await deps.users.administrators(), now: deps.clock.now() })
    return await write()
  } finally {
    await lease.release()
  }
}

async function acquire(bus: Bus) {
  for (let attempt = 0; attempt < adminLock.attempts; attempt++) {
    const lease = await bus.lock(adminLock.key, adminLock.leaseMs)
    if (lease) return lease
    await new Promise((resolve) => setTimeout(resolve, adminLock.pauseMs))
  }
  throw new Problem('overloaded', 'Other administrators are being changed at this moment.', { retryAfter: 2 })
}

function blankUser(username: string, { actor, now }: { readonly actor: Actor; readonly now: number }): User {
  return {
    id: usernameKey(username),
    username,
    passwordHash: null,
    strongPassword: false,
    epoch: newSecret(12),
    roles: ['USER'],
    privileges: {},
    groups: [],
    attributes: {},
    disabled: false,
    expirationDate: null,
    createdAt: new Date(now).toISOString(),
    createdBy: actor?.username ?? null,
  }
}

async function applyChange(
  deps: UsersDeps,
  user: User,
  { password, expirationDate, ...change }: UserChange,
): Promise<User> {
  if (change.groups) await checkGroups(deps, change.groups)
  const { roles, privileges, groups, attributes, disabled } = { ...user, ...defined(change) }
  const changed: User = { ...user, roles, privileges, groups, attributes, disabled }
  const dated = expirationDate === undefined ? changed : { ...changed, expirationDate: inUtc(expirationDate) }
  const secured = password === undefined ? dated : await withPassword(deps, dated, password)
  checkPromotion(secured)
  return secured
}

async function withPassword({ passwords }: UsersDeps, user: User, password: string): Promise<User> {
  const passwordHash = await passwords.hash(password, { username: user.username, admin: isAdmin(user) })
  return { ...user, passwordHash, strongPassword: passwords.suitsAdmin(password), epoch: newSecret(12) }
}

async function checkGroups({ groupNames }: UsersDeps, wanted: readonly string[]): Promise<void> {
  const known = await groupNames()
  const errors = wanted.flatMap((name, index) => {
    if (known.includes(name)) return []
    return [{ path: `/groups/${index}`, message: `There is no group "${name}".`, nearest: nearestNames(name, known) }]
  })
  if (errors[0]) throw new Problem('invalid_request', errors[0].message, { errors })
}

function viewOf(user: User, dates: readonly number[]): UserView {
  const last = dates.at(-1)
  return {
    username: user.username,
    roles: [...user.roles],
    privileges: structuredClone(user.privileges) as UserView['privileges'],
    groups: [...user.groups],
    attributes: structuredClone(user.attributes) as UserView['attributes'],
    disabled: user.disabled,
    expirationDate: user.expirationDate,
    has_password: user.passwordHash !== null,
    created_at: user.createdAt,
    created_by: user.createdBy,
    logins: dates.map((date) => ({ date: { $date: date } })),
    last_login: last === undefined ? null : new Date(last).toISOString(),
  }
}

/** The part of a tag that counts writes; the rest tells of sign-ins, which nobody overwrites. */
const versionOf = (tag: string) => Number(tag.split('-')[0])
const inUtc = (date: string | null) => (date === null ? null : new Date(date).toISOString())

function defined<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>
}

function rephraseConflict(username: string) {
  return (error: unknown): never => {
    if (error instanceof Problem && error.code === 'conflict')
      throw new Problem('conflict', `There is a user "${username}" already.`)
    throw error
  }
}
