import { Command, InvalidArgumentError, Option } from 'commander'
import { loadConfig } from '../config/index.ts'
import { roleNames, startAllInOne, startRole } from '../processes/index.ts'
import { version } from './version.ts'

interface Flags {
  readonly demo?: boolean
  readonly only?: string
  readonly workers?: number
  readonly heavy?: number
  readonly fast?: number
}

/** `laputa start`: all roles in one process or one of them, until a signal ends it. */
export function startCommand(): Command {
  const command = new Command('start')
  return command
    .description('Start the server: all roles in one process, or one of them.')
    .option('--demo', 'on the first start, load the demo app and make its users')
    .addOption(new Option('--only <role>', 'run one role; the others run in processes of their own').choices(roleNames))
    .option('--workers <count>', 'with --only web: how many processes answer requests (web.workers)', counted(1, 128))
    .option('--heavy <count>', 'how many heavy jobs run at once (jobs.heavy)', counted(0, 64))
    .option('--fast <count>', 'how many fast jobs run at once (jobs.fast)', counted(0, 500))
    .action(async (flags: Flags) => {
      const unfit = unfitFlag(flags)
      if (unfit) command.error(`error: ${unfit}`)
      const config = loadConfig()
      const print = (text: string) => process.stdout.write(`${text}\n`)
      const { demo = false, only, ...counts } = flags
      const role = roleNames.find((name) => name === only)
      const start = { config, version, print, ...counts }
      await (role ? startRole(role, start) : startAllInOne({ ...start, demo }))
    })
}

function unfitFlag({ demo, only, workers, heavy, fast }: Flags): string | undefined {
  if (demo && only !== undefined) return '--demo is for one process: leave out --only.'
  if (workers !== undefined && only !== 'web') return '--workers needs --only web.'
  const runsJobs = only === undefined || only === 'worker'
  if ((heavy !== undefined || fast !== undefined) && !runsJobs) return '--heavy and --fast are for the worker.'
  return undefined
}

function counted(least: number, most: number): (text: string) => number {
  return (text) => {
    const count = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN
    if (count >= least && count <= most) return count
    throw new InvalidArgumentError(`Write a whole number from ${least} to ${most}.`)
  }
}
