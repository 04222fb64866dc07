import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { Problem, silentLog, systemClock } from '../base/index.ts'
import { type ConfigSource, loadConfig } from '../config/index.ts'
import type { MigrationReport } from '../store/index.ts'

/** What the command meets outside; by default the process itself. */
export interface MigrateCommandDeps {
  readonly print?: (text: string) => void
  readonly source?: ConfigSource
}

interface Flags {
  readonly json?: boolean
  readonly dryRun?: boolean
}

/** `laputa migrate`. Exit code 0 when the store has the form of this program, or with `--dry-run` could have it; otherwise 1. */
export function migrateCommand(deps: MigrateCommandDeps = {}): Command {
  const { print = (text) => process.stdout.write(text), source = {} } = deps
  return new Command('migrate')
    .description('Bring what is kept to the form of this version. `laputa start` does so too.')
    .option('--dry-run', 'only list what would be run')
    .option('--json', 'answer as JSON')
    .action(async ({ json, dryRun = false }: Flags) => {
      const report = await run(source, dryRun)
      print(json ? `${JSON.stringify(report, null, 2)}\n` : `${describe(report)}\n`)
    })
}

async function run(source: ConfigSource, dryRun: boolean): Promise<MigrationReport> {
  const { storeSettings } = await import('../processes/index.ts')
  const settings = storeSettings(loadConfig(source))
  // Opening a store makes one where there is none, and a dry run makes nothing.
  if (dryRun && settings.kind === 'sqlite' && !existsSync(join(settings.home, 'store.sqlite'))) {
    throw new Problem(
      'storage_failed',
      `There is no store in ${settings.home}: set \`home\` to the folder of an instance.`,
    )
  }
  const { migrate, openStore } = await import('../store/index.ts')
  const deps = { clock: systemClock, log: silentLog }
  const store = await openStore(settings, deps)
  try {
    return await migrate(store, { ...deps, dryRun })
  } finally {
    await store.close()
  }
}

function describe({ before, ran, pending }: MigrationReport): string {
  if (pending.length > 0) return ['Would be run:', ...pending.map((name) => `  ${name}`)].join('\n')
  if (ran.length > 0) return ['Run:', ...ran.map(({ name, ms }) => `  ${name}, ${ms} ms`)].join('\n')
  return `Nothing to run. Run before: ${before.length}.`
}
