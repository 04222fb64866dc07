import type { Log } from '../base/index.ts'
import type { Config } from '../config/index.ts'
import { createEnding, type Ending, whenAborted } from './ending.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { openLog } from './open-log.ts'
import { openPatiently } from './open-patiently.ts'
import { type ProcessState, starting } from './probes/answer-probe.ts'
import { openProbes } from './probes/open-probes.ts'
import { type Part, type PartsState, watchParts } from './probes/watch-parts.ts'
import type { ProcessStart } from './start-options.ts'

export interface Frame {
  readonly log: Log & { level: string }
  readonly metrics: Metrics
}

/** What a process does once it has opened everything. */
export interface Running {
  readonly parts: readonly Part[]
  /** Takes nothing new, finishes what it has, and closes everything. */
  end(): Promise<void>
}

/** Who is told how the process is. */
export interface Teller {
  say(state: ProcessState): void
  close(): Promise<void>
}

export interface ProcessPlan {
  /** Its name in logs and metrics. */
  readonly role: string
  /** Added to `health.port`. */
  readonly portOffset: number
  /** Waits for servers that do not answer when it starts, instead of giving up. */
  readonly patient: boolean
  open(frame: Frame): Promise<Running>
  /** Who is told instead of a probe port of its own. Its master may also ask it to end. */
  readonly master?: (frame: Frame, ending: Ending) => Teller
}

/**
 * Runs one process until it is asked to end: log, probes, metrics, an orderly end. Errors: those of opening, as far as waiting does
 * not mend them.
 */
export async function runProcess({ config, version }: ProcessStart, plan: ProcessPlan): Promise<void> {
  const log = openLog(config.log.level, plan.role)
  endOnBug(log)
  const frame = { log, metrics: createMetrics({ role: plan.role, version }) }
  const ending = createEnding({ log, insist: plan.master === undefined })
  const teller = plan.master?.(frame, ending) ?? (await openTeller(config, plan, frame))
  try {
    const open = () => plan.open(frame)
    const running = plan.patient ? await openPatiently(open, { log, signal: ending.signal }) : await open()
    if (running) await run(running, { ...frame, teller, ending })
  } finally {
    await teller.close()
  }
  process.exit(0)
}

async function run(running: Running, deps: Frame & { teller: Teller; ending: Ending }): Promise<void> {
  const { log, metrics, teller, ending } = deps
  const names = running.parts.map(({ name }) => name)
  let known: PartsState = starting
  const say = () => teller.say({ started: true, ending: ending.signal.aborted, ...known })
  const watch = await watchParts({
    parts: running.parts,
    log,
    tell(state) {
      known = { failed: state.failed, missing: state.missing }
      metrics.parts(state, names)
      say()
    },
  })
  await whenAborted(ending.signal)
  say()
  await running.end()
  await watch.close()
}

const noTeller: Teller = { say: () => {}, close: async () => {} }

async function openTeller(config: Config, { portOffset }: ProcessPlan, { log, metrics }: Frame): Promise<Teller> {
  const { host, port } = config.health
  if (port === 0) return noTeller
  return openProbes({ address: { host, port: port + portOffset }, metrics: metrics.page, log })
}

/** Nobody knows what still holds after an error that nobody caught: the supervisor starts the process anew. */
function endOnBug(log: Log): void {
  process.on('uncaughtException', (error) => {
    log.error({ err: error }, 'ending after an error that nobody caught')
    process.exit(1)
  })
}
