#!/usr/bin/env node
import { Command } from 'commander'
import { isProblem } from '../base/index.ts'
import { auditCommand } from './audit.ts'
import { configCommand } from './config.ts'
import { startCommand } from './start.ts'
import { version } from './version.ts'

const program = new Command('laputa')
  .description('The backend of an embedded-analytics platform.')
  .version(version, '--version')
  .addCommand(startCommand())
  .addCommand(configCommand())
  .addCommand(auditCommand())

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
  process.exitCode = 1
}
