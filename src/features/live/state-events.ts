import type { Stage } from '../../access/index.ts'
import { newId } from '../../base/index.ts'
import type { App } from '../../catalog/index.ts'
import { type LiveEvent, type Operation, type OperationState, viewOf } from '../../jobs/index.ts'
import type { AppEvent } from './rights.ts'

/** What a running operation is told as, whether or not it has begun just now. */
const types = {
  queued: 'operation.queued',
  running: 'operation.progress',
  done: 'operation.done',
  failed: 'operation.failed',
  cancelled: 'operation.cancelled',
} as const satisfies Record<OperationState, LiveEvent['type']>

/** The state of an operation, as the event that would have told of it. */
export function operationEvent(operation: Operation, now: number): AppEvent {
  const { app, stage, state } = operation
  return { ...stamp(now), type: types[state], app, stage, operation: viewOf(operation) }
}

/** Whether an operation is of one of these apps or of the instance: those of an earlier app of the same name are nobody's. */
export function belongsTo(apps: readonly App[]): (operation: Operation) => boolean {
  const since = new Map(apps.map(({ id, createdAt }) => [id, Date.parse(createdAt)]))
  return ({ app, createdAt }) => app === null || createdAt >= (since.get(app) ?? Number.POSITIVE_INFINITY)
}

/** What each stage of an app points to. */
export function releaseEvents({ id: app, staging, production }: App, now: number): AppEvent[] {
  const at = (stage: Stage, release: string): AppEvent => ({
    ...stamp(now),
    type: 'release.published',
    ...{ app, stage, release },
  })
  return [at('staging', staging), ...(production === null ? [] : [at('production', production)])]
}

export function stamp(now: number): { id: string; at: string } {
  return { id: newId(now), at: new Date(now).toISOString() }
}
