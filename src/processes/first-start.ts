import { existsSync } from 'node:fs'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Audit } from '../access/index.ts'
import { isProblem, type Log, Problem } from '../base/index.ts'
import type { Bus } from '../bus/index.ts'
import type { Users } from '../features/index.ts'
import type { Server } from '../http/index.ts'
import { type DemoUser, loadDemo, newPassword, readDemo } from './demo.ts'
import { signedInCalls } from './front-door.ts'

export interface FirstStart {
  readonly server: Server
  readonly users: Users
  readonly audit: Audit
  readonly log: Log
  readonly home: string
  readonly demo: boolean
  readonly print: (text: string) => void
}

/** Longer than making the first administrator ever takes; who dies meanwhile holds the others up for so long. */
const leaseMs = 15_000
const lookAgainMs = 250

/** As `firstStart`, by one of the processes that start together: the others wait until somebody can sign in. */
export async function firstStartOnce({ bus, ...deps }: FirstStart & { readonly bus: Bus }): Promise<void> {
  for (;;) {
    const lease = await bus.lock('first-start', leaseMs)
    if (lease) return firstStart(deps).finally(() => lease.release())
    if (await hasUsers(deps)) return
    await sleep(lookAgainMs)
  }
}

async function hasUsers({ users }: Pick<FirstStart, 'users'>): Promise<boolean> {
  return (await users.list({ limit: 1 })).length > 0
}

/**
 * On the first start there is nobody who could sign in. Makes the first administrator, or with `demo` the demo app and its users.
 * Passwords are generated, printed once, and kept in a file that only its owner can read. Does nothing when there are users.
 *
 * The passwords are written under another name before anybody has one, and renamed at the end: a first start that was killed is
 * taken up again with the same passwords.
 */
export async function firstStart({ server, users, home, demo, print, ...deps }: FirstStart): Promise<void> {
  const pending = join(home, 'first-start.json')
  if (!existsSync(pending) && (await hasUsers({ users }))) return
  const content = demo ? await readDemo() : null
  const people: readonly DemoUser[] = content?.users ?? [{ username: 'admin', roles: ['SUPER_ADMIN'] }]
  const [first] = people
  if (!first) throw new Problem('config_invalid', 'demo.json names no users.')
  const passwords = await passwordsFor(pending, people)
  const { username: target, roles = ['SUPER_ADMIN'] } = first
  const event = { action: 'user.create', target, details: { roles } } as const
  await deps.audit.change({ requestId: null, log: deps.log }, event, () =>
    createFirstUser(users, { username: target, roles: [...roles], password: passwords[target] ?? '' }),
  )
  if (content) {
    const call = await signedInCalls(server, { username: first.username, password: passwords[first.username] ?? '' })
    await loadDemo(content, passwords, call)
  }
  const file = join(home, demo ? 'demo-credentials.json' : 'admin-credentials.json')
  await rename(pending, file)
  print(`The first start made these users; their passwords are also in ${file}`)
  for (const [name, password] of Object.entries(passwords)) print(`  ${name.padEnd(20)} ${password}`)
}

type Passwords = Readonly<Record<string, string>>

async function passwordsFor(pending: string, people: readonly DemoUser[]): Promise<Passwords> {
  const before = existsSync(pending) ? (JSON.parse(await readFile(pending, 'utf8')) as Passwords) : {}
  const passwords = Object.fromEntries(people.map(({ username }) => [username, before[username] ?? newPassword()]))
  await writeFile(pending, `${JSON.stringify(passwords, null, 2)}\n`, { mode: 0o600, flush: true })
  return passwords
}

/** Groups come later: they do not exist yet. */
async function createFirstUser(users: Users, user: Parameters<Users['create']>[1]): Promise<void> {
  try {
    await users.create(null, user)
  } catch (error) {
    if (!isProblem(error, 'conflict')) throw error
  }
}
