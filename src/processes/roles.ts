import { Problem, type ProblemItem } from '../base/index.ts'
import type { Config } from '../config/index.ts'
import type { AllStart, RoleStart } from './start-options.ts'

type RunRole = (start: RoleStart) => Promise<void>

/** What runs in which process, loaded when it is asked for. */
const roles = {
  web: async () => (await import('./web/web.ts')).runWeb,
  worker: async () => (await import('./worker.ts')).runWorker,
  live: async () => (await import('./live.ts')).runLive,
  scheduler: async () => (await import('./scheduler.ts')).runScheduler,
} as const satisfies Record<string, () => Promise<RunRole>>

export type Role = keyof typeof roles

export const roleNames = Object.keys(roles) as readonly Role[]

/**
 * Runs one role until a signal ends it. Errors: `config_invalid` when what it would share with the other processes cannot be shared;
 * those of the role.
 */
export async function startRole(role: Role, start: RoleStart): Promise<void> {
  refuseUnshared(role, start.config)
  const run: RunRole = await roles[role]()
  await run(start)
}

/** Runs all roles in this process until a signal ends it: the first one asks for an orderly end, a second one exits at once. */
export async function startAllInOne(start: AllStart): Promise<void> {
  const { runAllInOne } = await import('./all-in-one.ts')
  await runAllInOne(start)
}

function refuseUnshared(role: Role, { store, bus }: Config): void {
  const errors: ProblemItem[] = []
  if (store.kind === 'sqlite') {
    errors.push({ path: 'store.kind', message: '`sqlite` serves one process: set `store.kind` to `mongo`.' })
  }
  if (bus.kind === 'memory') {
    errors.push({ path: 'bus.kind', message: '`memory` serves one process: set `bus.kind` to `redis`.' })
  }
  if (errors.length === 0) return
  const message = `\`--only ${role}\` shares its work with other processes. Change the settings below, or start without \`--only\`.`
  throw new Problem('config_invalid', message, { errors })
}
