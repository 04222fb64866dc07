import { expect, it } from 'vitest'
import { startCommand } from './start.ts'

/** What is said to a command line that is not taken. Nothing is started. */
async function refusal(line: string): Promise<string> {
  let said = ''
  const command = startCommand()
    .exitOverride()
    .configureOutput({
      writeErr: (text) => {
        said += text
      },
    })
  await expect(command.parseAsync(line.split(' '), { from: 'user' })).rejects.toThrow()
  return said
}

it.each([
  ['--only master', 'Allowed choices are web, worker, live, scheduler.'],
  ['--only web --workers 0', 'Write a whole number from 1 to 128.'],
  ['--only web --workers 1e2', 'Write a whole number from 1 to 128.'],
  ['--only worker --heavy -1', 'Write a whole number from 0 to 64.'],
  ['--only worker --fast many', 'Write a whole number from 0 to 500.'],
  ['--workers 2', '--workers needs --only web.'],
  ['--only worker --workers 2', '--workers needs --only web.'],
  ['--only web --heavy 2', '--heavy and --fast are for the worker.'],
  ['--only live --fast 2', '--heavy and --fast are for the worker.'],
  ['--only web --demo', 'leave out --only'],
  ['--olny web', "unknown option '--olny'"],
])('does not take %s', async (line, said) => {
  expect(await refusal(line)).toContain(said)
})
