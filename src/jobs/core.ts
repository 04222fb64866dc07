import type { Clock, Log } from '../base/index.ts'
import type { Bus, Queue, QueuedJob } from '../bus/index.ts'
import { createDefinitions, type Definitions } from './definitions.ts'
import { createEvents, type Events } from './events.ts'
import type { OperationRecord } from './operation-record.ts'
import { createOperations, type Operations } from './operations.store.ts'
import type { OperationState } from './port.ts'
import type { JobsDeps, JobsSettings } from './settings.ts'
import type { Ending } from './transitions.ts'
import { viewOf } from './view.ts'

/** What submitting, running and looking after operations have in common. */
export interface Core {
  readonly operations: Operations
  readonly definitions: Definitions
  readonly bus: Bus
  readonly events: Events
  readonly clock: Clock
  readonly log: Log
  readonly settings: JobsSettings
  readonly owner: string
  /** Whether nobody but this process can run what is in the store. */
  readonly alone: boolean
  ending(): Ending
  queueOf(record: Pick<OperationRecord, 'queue'>): Queue
  /** Asks the queue. That it cannot be asked is no error: the reaper does it later. */
  enqueue(record: OperationRecord): Promise<void>
  tell(what: Exclude<OperationState, 'running'> | 'started' | 'progress', record: OperationRecord): void
}

export function createCore({ store, bus, clock, log, definitions, settings, owner }: JobsDeps): Core {
  const events = createEvents({ bus, clock, log })
  const queueOf = ({ queue }: Pick<OperationRecord, 'queue'>) => bus.queue(queue)
  return {
    operations: createOperations(store),
    definitions: createDefinitions(definitions),
    bus,
    events,
    clock,
    log,
    settings,
    owner,
    alone: !store.shared,
    ending: () => ({ now: clock.now(), keepMs: settings.keep }),
    queueOf,
    async enqueue(record) {
      try {
        await queueOf(record).add(queuedJob(record, clock.now()))
      } catch (error) {
        log.warn({ err: error, operation: record.id }, 'The queue could not be asked; a worker will do it later.')
      }
    },
    tell(what, record) {
      events.publish({
        type: `operation.${what}`,
        app: record.app,
        stage: record.stage,
        operation: viewOf(record),
      })
    },
  }
}

/** A record as the queue holds it. The record is what counts; the rest lets people see what waits. */
export function queuedJob({ id, job, version, app, priority, notBefore }: OperationRecord, now: number): QueuedJob {
  const delayMs = Math.max(0, notBefore - now)
  return { id, payload: { id, job, version }, group: app ?? '', priority, ...(delayMs > 0 && { delayMs }) }
}
