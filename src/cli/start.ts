import { Command } from 'commander'
import { loadConfig } from '../config/index.ts'
import { version } from './version.ts'

/** `laputa start`: all roles in one process, until a signal ends it. */
export function startCommand(): Command {
  return new Command('start')
    .description('Start the server: all roles in one process.')
    .option('--demo', 'on the first start, load the demo app and make its users')
    .action(async (flags: { demo?: boolean }) => {
      const config = loadConfig()
      const { startAllInOne } = await import('../processes/index.ts')
      await startAllInOne({
        config,
        version,
        demo: flags.demo === true,
        print: (text) => process.stdout.write(`${text}\n`),
      })
    })
}
