import { isProblem, Problem } from '../../base/index.ts'
import type { Store } from '../port.ts'
import type { Migration } from './migration.ts'
import { type MigrationLockDeps, underMigrationLock } from './migration-lock.ts'
import { releaseSourceKinds } from './release-source-kinds.ts'

/** Every migration, in order. New ones are added at the end and none is ever removed. */
const allMigrations: readonly Migration[] = [releaseSourceKinds]

export interface MigrateDeps extends MigrationLockDeps {
  /** Only says what would be run. */
  readonly dryRun?: boolean
  /** Default: all that there are. */
  readonly migrations?: readonly Migration[]
}

/** Names, in order. */
export interface MigrationReport {
  /** Those that were run before. */
  readonly before: readonly string[]
  /** Those that were run now, and how long each took in milliseconds. */
  readonly ran: readonly { readonly name: string; readonly ms: number }[]
  /** Those that wait to be run: none but after a dry run. */
  readonly pending: readonly string[]
}

interface Run {
  /** The name of a migration. */
  readonly id: string
  /** When it had been run, in milliseconds since 1970. */
  readonly at: number
  readonly ms: number
}

/**
 * Brings the documents of a store to the form of this program, and keeps a record of it in the collection `migrations`. One process does
 * so and the others wait. Errors: `storage_failed` for a store of a newer program.
 */
export async function migrate(store: Store, deps: MigrateDeps): Promise<MigrationReport> {
  const { migrations = allMigrations, dryRun = false } = deps
  const known = await runsOf(store, migrations)
  if (dryRun || known.pending.length === 0) {
    return { before: known.done, ran: [], pending: known.pending.map(({ name }) => name) }
  }
  return underMigrationLock(store, deps, async (signal) => {
    // Somebody else may have done it while this process waited.
    const { done, pending } = await runsOf(store, migrations)
    const ran: { name: string; ms: number }[] = []
    for (const migration of pending) {
      signal.throwIfAborted()
      ran.push(await runOne(store, migration, { ...deps, signal }))
    }
    return { before: done, ran, pending: [] }
  })
}

async function runsOf(store: Store, migrations: readonly Migration[]) {
  const runs = await store.documents<Run>('migrations').find()
  const unknown = runs.find(({ doc }) => !migrations.some(({ name }) => name === doc.id))
  if (unknown) {
    throw new Problem(
      'storage_failed',
      `The store had the migration "${unknown.doc.id}", which this program does not know: a newer program wrote it. ` +
        'Start that program, or put back a backup from before the upgrade.',
    )
  }
  const isDone = ({ name }: Migration) => runs.some(({ doc }) => doc.id === name)
  return {
    done: migrations.filter(isDone).map(({ name }) => name),
    pending: migrations.filter((migration) => !isDone(migration)),
  }
}

interface OneDeps extends MigrationLockDeps {
  readonly signal: AbortSignal
}

async function runOne(store: Store, { name, run }: Migration, { clock, log, signal }: OneDeps) {
  const began = clock.now()
  await run(store, signal)
  const ms = clock.now() - began
  try {
    await store.documents<Run>('migrations').insert({ id: name, at: clock.now(), ms })
  } catch (error) {
    // A process that was taken for dead has run it too: twice is as good as once.
    if (!isProblem(error, 'conflict')) throw error
  }
  log.info({ migration: name, ms }, 'Migrated the store.')
  return { name, ms }
}
