import { z } from 'zod'
import { stages } from '../access/index.ts'
import { type Clock, idAfter, type Json, type Log, newId } from '../base/index.ts'
import type { Bus } from '../bus/index.ts'
import { operationStates } from './operation-schema.ts'
import type { LiveEvent, OperationView } from './port.ts'

type WithoutId<E> = E extends LiveEvent ? Omit<E, 'id' | 'at'> : never
/** What is told. Its id and time are given to it. */
export type NewEvent = WithoutId<LiveEvent>

/** What happens, told to every process that watches. Whoever must miss nothing looks at the records after an interruption. */
export interface Events {
  /** At once, and without waiting: what happens together is sent together. One that cannot be sent is lost, and logged. */
  publish(event: NewEvent): void
  /** Events of all processes, this one too. Answers a function that ends it. */
  watch(receive: (event: LiveEvent) => void): Promise<() => Promise<void>>
}

export interface EventsDeps {
  readonly bus: Bus
  readonly clock: Clock
  readonly log: Log
}

const channel = 'events'
/** A message holds no more: some servers bound the size of one. */
const mostInOne = 100

export function createEvents({ bus, clock, log }: EventsDeps): Events {
  const nextId = createEventIds()
  let waiting: LiveEvent[] = []

  async function send(): Promise<void> {
    const events = waiting
    waiting = []
    try {
      for (let from = 0; from < events.length; from += mostInOne) {
        await bus.publish(channel, events.slice(from, from + mostInOne) as Json)
      }
    } catch (error) {
      log.warn({ err: error, events: events.length }, 'Events could not be told: those who watch will look again.')
    }
  }

  return {
    publish(event) {
      const now = clock.now()
      waiting.push({ ...event, id: nextId(now), at: new Date(now).toISOString() })
      if (waiting.length === 1) setImmediate(() => void send())
    },
    watch: (receive) =>
      bus.subscribe(channel, (payload) => {
        const read = messageSchema.safeParse(payload)
        if (read.success) for (const event of read.data) receive(event)
        else log.warn({ issues: read.error.issues.slice(0, 5) }, 'A message about events is not one, and was dropped.')
      }),
  }
}

/** Ids as `newId` makes them that grow with each event of this process. */
function createEventIds(): (now: number) => string {
  let last = ''
  let lastTime = Number.NEGATIVE_INFINITY
  return (now) => {
    // A clock that was set back must not make them smaller.
    last = now <= lastTime ? idAfter(last) : newId(now)
    lastTime = Math.max(lastTime, now)
    return last
  }
}

const stage = z.enum(stages)
const common = { id: z.string(), at: z.string() }

/** Only what this program reads of it: another version may show more of an operation. */
const operation = z.custom<OperationView>(
  (value) => z.looseObject({ id: z.string(), state: z.enum(operationStates) }).safeParse(value).success,
)

const eventSchema = z.discriminatedUnion('type', [
  z.object({
    ...common,
    type: z.enum([
      'operation.queued',
      'operation.started',
      'operation.progress',
      'operation.done',
      'operation.failed',
      'operation.cancelled',
    ]),
    app: z.string().nullable(),
    stage: stage.nullable(),
    operation,
  }),
  z.object({ ...common, type: z.literal('release.published'), app: z.string(), stage, release: z.string() }),
  z.object({
    ...common,
    type: z.literal('data.refreshed'),
    app: z.string(),
    stage,
    release: z.string(),
    domains: z.array(z.string()),
  }),
  z.object({ ...common, type: z.literal('session.revoked'), username: z.string() }),
])

const messageSchema = z.array(eventSchema)
