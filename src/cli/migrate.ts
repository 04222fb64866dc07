import { Command } from 'commander'
import { type ConfigSource, loadConfig } from '../config/index.ts'
import type { MigrationReport } from '../store/index.ts'
import { withStore } from './with-store.ts'

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
  const { migrate } = await import('../store/index.ts')
  return withStore(loadConfig(source), {
    // A dry run makes nothing.
    make: !dryRun,
    use: (store, deps) => migrate(store, { ...deps, dryRun }),
  })
}

function describe({ before, ran, pending }: MigrationReport): string {
  if (pending.length > 0) return ['Would be run:', ...pending.map((name) => `  ${name}`)].join('\n')
  if (ran.length > 0) return ['Run:', ...ran.map(({ name, ms }) => `  ${name}, ${ms} ms`)].join('\n')
  return `Nothing to run. Run before: ${before.length}.`
}
