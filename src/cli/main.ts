#!/usr/bin/env node
import { Command } from 'commander'
import { isProblem } from '../base/index.ts'
import { configExitCode } from '../processes/index.ts'
import { auditCommand } from './audit.ts'
import { configCommand } from './config.ts'
import { migrateCommand } from './migrate.ts'
import { startCommand } from './start.ts'
import { version } from './version.ts'

const program = new Command('laputa')
  .description('The backend of an embedded-analytics platform.')
  .version(version, '--version')
  .addCommand(startCommand())
  .addCommand(configCommand())
  .addCommand(auditCommand())
  .addCommand(migrateCommand())

program
  .command('version')
  .description('print the version')
  .action(() => {
    process.stdout.write(`${version}\n`)
  })

try {
  await program.parseAsync()
} catch (error) {
  if (!isProblem(error)) throw error
  const items = error.errors.map((item) => `  ${item.path}${item.source ? ` (${item.source})` : ''}: ${item.message}\n`)
  process.stderr.write(`laputa: ${error.message}\n${items.join('')}`)
  // At once: what a start had opened, such as the channel to a master, would keep the process.
  process.exit(error.code === 'config_invalid' ? configExitCode : 1)
}
