import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { keptPorts } from '../../test/services/program.ts'
import { type Client, signIn } from '../client.ts'
import { startRole } from '../role.ts'
import { newHome, removeHome } from '../started.ts'
import { anInstallation, leaseMs, type Role } from './installation.ts'
import { aJumpingClock, type JumpingClock } from './jumping-clock.ts'

/** An installation with a machine whose clock jumps. */
export interface WrongMachine {
  readonly clock: JumpingClock
  readonly liveUrl: string
  /** Kills what runs jobs, and starts it anew. */
  killWorker(): Promise<void>
  signIn(): Promise<Client>
  remove(): Promise<void>
}

/** All roles in one process, on engines of its own. */
export async function oneProcess(): Promise<WrongMachine> {
  const home = newHome()
  const clock = aJumpingClock(home)
  const [port, probePort] = [await keptPorts(1), await keptPorts(1)]
  const url = `http://127.0.0.1:${port}`
  const start = () =>
    startRole({
      args: [],
      env: {
        ...{ LAPUTA_HOME: join(home, 'var'), LAPUTA_HTTP__PORT: `${port}`, LAPUTA_HEALTH__PORT: `${probePort}` },
        ...{ LAPUTA_JOBS__LEASE: `${leaseMs} ms`, LAPUTA_SCHEDULER__LEASE: `${leaseMs} ms` },
        ...{ LAPUTA_CONNECTIONS__ALLOW: '127.0.0.1', LAPUTA_QUERY__CACHE__MIN_TIME: '0 s' },
        ...clock.env,
      },
      probePort,
      cwd: home,
    })
  let worker = await start()
  const credentials = JSON.parse(readFileSync(join(home, 'var', 'admin-credentials.json'), 'utf8'))
  return {
    ...{ clock, liveUrl: url },
    async killWorker() {
      await worker.end('SIGKILL')
      worker = await start()
    },
    signIn: () => signIn({ url, credentials }, 'admin'),
    async remove() {
      await worker.end('SIGKILL')
      removeHome(home)
    },
  }
}

/** A process for each role. A second machine, whose clock is right, has the servers; it runs jobs too once those here were killed. */
export async function severalProcesses(): Promise<WrongMachine> {
  const installation = await anInstallation()
  const clock = aJumpingClock(installation.home)
  const start = (role: Role, ...args: string[]) => installation.start(role, { args, env: clock.env })
  const web = start('web', '--workers', '1')
  const [worker] = await Promise.all([start('worker'), web, start('live'), start('scheduler')])
  return {
    ...{ clock, liveUrl: installation.liveUrl },
    async killWorker() {
      await worker.end('SIGKILL')
      await Promise.all([installation.start('worker'), start('worker')])
    },
    signIn: installation.admin,
    remove: installation.remove,
  }
}
