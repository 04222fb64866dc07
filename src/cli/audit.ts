import { Command, InvalidArgumentError } from 'commander'
import { type Config, type ConfigSource, loadConfig } from '../config/index.ts'
import { withStore } from './with-store.ts'

/** What the command meets outside; by default the process itself. */
export interface AuditCommandDeps {
  readonly print?: (text: string) => void
  /** Told the exit code when the log is not what was written. */
  readonly fail?: (exitCode: number) => void
  readonly source?: ConfigSource
}

interface Flags {
  readonly json?: boolean
  readonly head?: Mark
}

interface Mark {
  readonly seq: number
  readonly hash: string
}

const brokenExitCode = 2

/** `laputa audit verify`. Exit code 0 when the log is in order, 2 when it is broken, 1 when it cannot be read. */
export function auditCommand(deps: AuditCommandDeps = {}): Command {
  const { print = (text) => process.stdout.write(text), source = {} } = deps
  const fail =
    deps.fail ??
    ((exitCode) => {
      process.exitCode = exitCode
    })
  const command = new Command('audit').description('Look at the audit log.')
  command
    .command('verify')
    .description(
      'Check that no entry of the audit log was altered, removed or put in. With `store.kind: sqlite` the server must not run.',
    )
    .option('--json', 'answer as JSON')
    .option('--head <seq:hash>', 'an entry that was noted elsewhere and has to be there', readMark)
    .action(async ({ json, head }: Flags) => {
      const verification = await verify(loadConfig(source), head)
      print(json ? `${JSON.stringify(verification, null, 2)}\n` : `${describe(verification)}\n`)
      if (verification.broken) fail(brokenExitCode)
    })
  return command
}

function readMark(text: string): Mark {
  const [, seq, hash] = /^(\d{1,12}):([0-9a-f]{64})$/.exec(text) ?? []
  if (seq === undefined || hash === undefined) throw new InvalidArgumentError('Write <seq>:<hash>, as it was printed.')
  return { seq: Number(seq), hash }
}

async function verify(config: Config, head: Mark | undefined) {
  const { verifyAuditLog } = await import('../features/index.ts')
  // An empty log is in order, and so would one be that is made where there is none.
  return withStore(config, { make: false, use: (store) => verifyAuditLog(store, head) })
}

function describe({ entries, first, last, unanchored, broken }: Awaited<ReturnType<typeof verify>>): string {
  if (broken) return `The audit log is broken at entry ${broken.seq}. ${broken.reason}`
  if (!first || !last) return 'The audit log is empty.'
  const count = entries === 1 ? '1 entry' : `${entries} entries, ${first.seq} to ${last.seq}`
  const lines = [`The audit log is in order: ${count}.`, `Its head is ${last.seq}:${last.hash}`]
  if (unanchored > 0) lines.push(`${unanchored} behind the mark of the head, as a program leaves them that was killed.`)
  return lines.join('\n')
}
