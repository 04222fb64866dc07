import type { ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../../base/index.ts'
import type { MetricsPage } from '../../features/index.ts'
import { type BackOff, backOff } from '../back-off.ts'
import { configExitCode } from '../exit-codes.ts'
import { type MetricValues, sumOfMetrics } from '../metrics.ts'
import { createMember, type Exit, type Member } from './member.ts'
import { beatMs } from './messages.ts'

export interface PoolDeps {
  readonly size: number
  readonly fork: () => ChildProcess
  readonly log: Log
  /** A worker ended in a way that starting it anew does not mend: its exit code. */
  readonly giveUp: (exitCode: number) => void
  readonly pauses?: BackOff
  /** A worker that was not heard of for so many beats is killed. */
  readonly silentBeats?: number
}

/** Web workers that are started anew when they end. */
export interface WorkerPool {
  /** Resolves with the address once the first one answers requests. */
  readonly listening: Promise<string>
  members(): readonly Member[]
  page(): Promise<MetricsPage>
  /**
   * Starts each one anew, one after the other: its successor answers before it is asked to end. Stops at the first successor that does
   * not come to answer, and answers false. Asked while it is at it, it does not begin again.
   */
  replaceAll(patienceMs: number): Promise<boolean>
  /** Asks all to end, kills those that have not after `patienceMs`, and starts none any more. */
  end(patienceMs: number): Promise<void>
  /** Ends all at once. */
  kill(): void
}

/** After so long a life, a worker that ends counts as the first one that did. */
const calmMs = 60_000
/** How long a successor may take until it answers. */
const startPatienceMs = 60_000

export function createWorkerPool(deps: PoolDeps): WorkerPool {
  let answer: (address: string) => void = () => {}
  const listening = new Promise<string>((resolve) => {
    answer = resolve
  })
  const slots = createSlots(deps, (address) => answer(address))
  const members = () => [...slots.members.values()]
  const watching = watchSilence(slots.members, deps)
  const stopStarting = () => {
    clearInterval(watching)
    slots.close()
  }

  async function replaceOne(slot: number, patienceMs: number): Promise<boolean> {
    const successor = slots.launch()
    if (!(await comesToAnswer(successor)) || slots.isClosed()) {
      successor.kill()
      return false
    }
    // Looked up only now: meanwhile the one that was there may have died, and another one been started.
    const former = slots.members.get(slot)
    slots.adopt(slot, successor, 0)
    await former?.end(patienceMs)
    return true
  }

  async function replaceEach(patienceMs: number): Promise<boolean> {
    for (const slot of slots.members.keys()) {
      if (slots.isClosed() || !(await replaceOne(slot, patienceMs))) return false
    }
    return true
  }
  let replacing: Promise<boolean> | undefined

  for (let slot = 0; slot < deps.size; slot++) slots.adopt(slot, slots.launch(), 0)
  return {
    listening,
    members,
    page: () => pageOf(members()),
    replaceAll(patienceMs) {
      replacing ??= replaceEach(patienceMs).finally(() => {
        replacing = undefined
      })
      return replacing
    },
    async end(patienceMs) {
      stopStarting()
      await Promise.all(members().map((member) => member.end(patienceMs)))
    },
    kill() {
      stopStarting()
      for (const member of members()) member.kill()
    },
  }
}

/** The places of a pool, each with the worker that has it. */
interface Slots {
  readonly members: ReadonlyMap<number, Member>
  /** Starts a worker that has no place yet. */
  launch(): Member
  /** Gives a worker a place: from now on, another one is started there when it ends. */
  adopt(slot: number, member: Member, failures: number): void
  close(): void
  isClosed(): boolean
}

/** A worker that ended in its place; `failures`: how many have there, one after the other. */
interface Ended {
  readonly member: Member
  readonly exit: Exit
  readonly failures: number
}

function createSlots(deps: PoolDeps, onListening: (address: string) => void): Slots {
  const { log, pauses = { firstMs: 200, mostMs: 30_000 } } = deps
  const members = new Map<number, Member>()
  const timers = new Set<NodeJS.Timeout>()
  let closed = false

  function launch(): Member {
    const member = createMember({ child: deps.fork(), page: () => pageOf([...members.values()]), log })
    void member.listening.then((address) => {
      log.info({ worker: member.pid, ms: member.ageMs() }, 'web worker answers')
      onListening(address)
    })
    return member
  }

  function adopt(slot: number, member: Member, failures: number): void {
    members.set(slot, member)
    void member.exited.then((exit) => {
      if (closed || members.get(slot) !== member) return
      startAnew(slot, { member, exit, failures: member.ageMs() > calmMs ? 1 : failures + 1 })
    })
  }

  function startAnew(slot: number, { member, exit, failures }: Ended): void {
    if (exit.code === configExitCode) {
      deps.giveUp(exit.code)
      return
    }
    const waitMs = backOff(failures, pauses)
    log.error({ worker: member.pid, ...exit, waitMs }, 'a web worker ended; starting another one')
    const timer = setTimeout(() => {
      timers.delete(timer)
      // A successor may have been given the place.
      if (members.get(slot) === member) adopt(slot, launch(), failures)
    }, waitMs)
    timers.add(timer)
  }

  function close(): void {
    closed = true
    for (const timer of timers) clearTimeout(timer)
  }
  return { members, launch, adopt, close, isClosed: () => closed }
}

function comesToAnswer({ listening, exited }: Member): Promise<boolean> {
  return Promise.race([
    listening.then(() => true),
    exited.then(() => false),
    sleep(startPatienceMs, false, { ref: false }),
  ])
}

/** Beats are counted, not timed: a master that stood still itself has heard of none either. */
function watchSilence(members: ReadonlyMap<number, Member>, { log, silentBeats = 30 }: PoolDeps): NodeJS.Timeout {
  return setInterval(() => {
    for (const member of members.values()) {
      if (!member.isListening()) continue
      member.countBeat()
      if (member.silentBeats() < silentBeats) continue
      log.error({ worker: member.pid }, 'a web worker is stuck; ending it')
      member.kill()
    }
  }, beatMs)
}

async function pageOf(members: readonly Member[]): Promise<MetricsPage> {
  const asked = await Promise.allSettled(members.map((member) => member.metrics()))
  const told = asked.flatMap((one): (readonly MetricValues[])[] => (one.status === 'fulfilled' ? [one.value] : []))
  return sumOfMetrics(told)
}
