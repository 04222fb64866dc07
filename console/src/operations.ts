import { shownOperations } from './api/api.ts'
import type { Operation, OperationState } from './api/types.ts'

/**
 * The operations with these among them, the newest first. What is older than what is known already changes nothing: lists, events
 * and answers come in any order.
 */
export function withOperations(known: readonly Operation[], told: readonly Operation[]): readonly Operation[] {
  const byId = new Map(known.map((operation) => [operation.id, operation]))
  for (const operation of told) {
    const before = byId.get(operation.id)
    if (before === undefined || !isNewer(before, operation)) byId.set(operation.id, operation)
  }
  return [...byId.values()].sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, shownOperations)
}

/** Two writes can fall into one millisecond. */
function isNewer(a: Operation, b: Operation): boolean {
  if (a.changed_at !== b.changed_at) return a.changed_at > b.changed_at
  if (a.attempt !== b.attempt) return a.attempt > b.attempt
  return ranks[a.state] > ranks[b.state]
}

const ranks: Readonly<Record<OperationState, number>> = { queued: 0, running: 1, cancelled: 2, failed: 2, done: 2 }

const jobs: Readonly<Record<string, string>> = {
  announce: 'Announcement',
  import: 'Upload',
  publish: 'Publication',
  refresh: 'Refresh',
}

/** What is done: a job that this page does not know goes by its own name. */
export function jobWords({ job, stage }: Operation): string {
  const name = Object.hasOwn(jobs, job) ? jobs[job] : job
  return stage === null ? `${name}` : `${name}, ${stage}`
}

const states: Readonly<Record<OperationState, string>> = {
  queued: 'waits',
  running: 'runs',
  done: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
}

export function stateWords({ state, progress }: Operation): string {
  if (state !== 'running' || progress === null) return states[state]
  const percent = progress.percent === null ? '' : `, ${Math.floor(progress.percent)}\u00a0%`
  return `${progress.stage || states.running}${percent}`
}

/** When it began, by whom, and how long it took. */
export function whenWords({ created_at, started_at, ended_at, by }: Operation, locale?: string): string {
  const at = new Date(created_at).toLocaleTimeString(locale, { hour: '2-digit', minute: '2-digit' })
  const who = by === null ? '' : ` by ${by}`
  const took =
    started_at !== null && ended_at !== null
      ? `, took ${lengthWords(Date.parse(ended_at) - Date.parse(started_at))}`
      : ''
  return `${at}${who}${took}`
}

function lengthWords(ms: number): string {
  if (ms < 1000) return 'less than a second'
  const seconds = Math.round(ms / 1000)
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`
}

export function isOpen({ state }: Operation): boolean {
  return state === 'queued' || state === 'running'
}

/** What it said last, and why it failed. */
export function lastWords({ lines, error }: Operation): readonly string[] {
  return error === null ? lines.slice(-2) : [`${error.title}: ${error.detail}`]
}
