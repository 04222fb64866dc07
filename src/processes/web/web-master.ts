import type { ChildProcess } from 'node:child_process'
import cluster from 'node:cluster'
import type { Server } from 'node:http'
import type { Log } from '../../base/index.ts'
import { createEnding, whenAborted } from '../ending.ts'
import { openLog } from '../open-log.ts'
import { type ProcessState, stuckAfterMs } from '../probes/answer-probe.ts'
import { portRefused } from '../probes/open-probes.ts'
import { createProbeServer, listen } from '../probes/probe-server.ts'
import type { RoleStart } from '../start-options.ts'
import type { Member } from './member.ts'
import { beatMs } from './messages.ts'
import { createWorkerPool, type WorkerPool } from './worker-pool.ts'

/** Requests that run may end within this time; a supervisor should wait longer before it kills the master. */
const endPatienceMs = 15_000

/** There are several workers, and most of what they make is short-lived: a small nursery spares some 40 MB of memory in each. */
const sparing = ['--max-semi-space-size=4', '--optimize-for-size']

/** Starts the web workers and looks after them until it is asked to end. Errors: `config_invalid` for the port of the probes. */
export async function runWebMaster({ config, version, print, workers }: RoleStart): Promise<void> {
  const log = openLog(config.log.level, 'web master')
  const ending = createEnding({ log, insist: true })
  const size = workers ?? config.web.workers
  // Each takes connections when it has time. Handed out by turns, one that dies or stands still keeps a connection that nobody answers.
  cluster.schedulingPolicy = cluster.SCHED_NONE
  cluster.setupPrimary({ args: process.argv.slice(2), execArgv: [...process.execArgv, ...sparing] })
  let exitCode = 0
  const pool = createWorkerPool({
    size,
    fork: forkWorker,
    log,
    giveUp(code) {
      exitCode = code
      ending.ask('the configuration of a web worker')
    },
  })
  // However this process ends, its workers end with it: Node closes their channel, and they end at that.
  process.on('exit', pool.kill)
  process.on('SIGHUP', () => void replace(pool, log))
  const probes = await openMasterProbes(config.health, pool, { size, isEnding: () => ending.signal.aborted })
  void pool.listening.then((address) => print(`laputa ${version} ready at ${address}/console/`))
  await whenAborted(ending.signal)
  await pool.end(endPatienceMs)
  probes?.close()
  process.exit(exitCode)
}

function forkWorker(): ChildProcess {
  const worker = cluster.fork()
  // The pool hears of it from the process; heard by nobody here, it would end the master.
  worker.on('error', () => {})
  return worker.process
}

async function replace(pool: WorkerPool, log: Log): Promise<void> {
  log.info({}, 'starting all web workers anew')
  const done = await pool.replaceAll(endPatienceMs)
  if (done) log.info({}, 'all web workers are new')
  else log.error({}, 'a new web worker did not come to answer; the others stay')
}

/** The loop of the master has nothing else to do: it answers probes itself, for all its workers. */
async function openMasterProbes(
  { host, port }: RoleStart['config']['health'],
  pool: WorkerPool,
  about: { readonly size: number; readonly isEnding: () => boolean },
): Promise<Server | null> {
  if (port === 0) return null
  let started = false
  void pool.listening.then(() => {
    started = true
  })
  const state = () => ({ ...stateOf(pool.members(), about.size), started, ending: about.isEnding() })
  const server = createProbeServer({ state, silentMs: () => 0, metrics: pool.page })
  try {
    await listen(server, { host, port })
  } catch (error) {
    throw portRefused({ host, port }, (error as NodeJS.ErrnoException).code ?? 'unknown')
  }
  return server
}

/** The whole is ready while one of them is. */
function stateOf(members: readonly Member[], wanted: number): Pick<ProcessState, 'failed' | 'missing' | 'details'> {
  const heard = members.filter((member) => member.isListening() && member.silentBeats() * beatMs <= stuckAfterMs)
  const ready = heard.filter((member) => member.state().failed.length === 0)
  const names = (of: 'failed' | 'missing') => [...new Set(heard.flatMap((member) => member.state()[of]))].sort()
  const broken = heard.length > 0 ? names('failed') : ['workers']
  return {
    failed: ready.length > 0 ? [] : broken,
    missing: names('missing'),
    details: { workers: { wanted, ready: ready.length } },
  }
}
