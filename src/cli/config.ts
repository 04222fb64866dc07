import { Command } from 'commander'
import { isProblem, type ProblemItem } from '../base/index.ts'
import {
  type ConfigSource,
  type ExplainedSetting,
  explainConfig,
  type LoadedConfig,
  loadConfigWithSources,
} from '../config/index.ts'

/** What the command meets outside; by default the process itself. */
export interface ConfigCommandDeps {
  readonly print?: (text: string) => void
  /** Told the exit code when the configuration is not valid. */
  readonly fail?: (exitCode: number) => void
  readonly source?: ConfigSource
}

interface Flags {
  readonly json?: boolean
}

/** `laputa config check` and `laputa config explain`. Exit code 1 when the configuration is not valid, otherwise 0. */
export function configCommand(deps: ConfigCommandDeps = {}): Command {
  const { print = (text) => process.stdout.write(text), source = {} } = deps
  const fail =
    deps.fail ??
    ((exitCode) => {
      process.exitCode = exitCode
    })

  const run = (flags: Flags, present: (loaded: LoadedConfig) => { json: unknown; text: string }) => {
    const result = load(source)
    if ('problems' in result) {
      print(flags.json ? json(result) : `${problemList(result.problems)}\n`)
      fail(1)
      return
    }
    const { json: plain, text } = present(result)
    print(flags.json ? json(plain) : `${text}\n`)
  }

  const command = new Command('config').description('Look at the configuration: laputa.yml and the LAPUTA_ variables.')
  command
    .command('check')
    .description('List everything that is wrong with the configuration.')
    .option('--json', 'answer as JSON')
    .action((flags: Flags) => run(flags, () => ({ json: { problems: [] }, text: 'The configuration is valid.' })))
  command
    .command('explain')
    .description('Show every setting, its value and where that comes from.')
    .option('--json', 'answer as JSON')
    .action((flags: Flags) =>
      run(flags, (loaded) => {
        const settings = explainConfig(loaded)
        return { json: { settings }, text: table(settings) }
      }),
    )
  return command
}

function load(source: ConfigSource): LoadedConfig | { readonly problems: readonly ProblemItem[] } {
  try {
    return loadConfigWithSources(source)
  } catch (error) {
    if (isProblem(error, 'config_invalid')) return { problems: error.errors }
    throw error
  }
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

function problemList(problems: readonly ProblemItem[]): string {
  const lines = problems.map(({ path, source, message }) => {
    const place = path === '' || path === source ? source : `${path} (${source})`
    return `${place}: ${message}`
  })
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`
  return [...lines, `${count} in the configuration.`].join('\n')
}

function table(settings: readonly ExplainedSetting[]): string {
  const rows = settings.map(({ path, value, source }) => [path, shown(value), source] as const)
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map(([path, value, source]) => `${path.padEnd(widths[0] ?? 0)}  ${value.padEnd(widths[1] ?? 0)}  ${source}`)
    .join('\n')
}

function shown(value: ExplainedSetting['value']): string {
  if (value === null) return '(not set)'
  return typeof value === 'string' ? value : JSON.stringify(value)
}
