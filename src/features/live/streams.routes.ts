import { z } from 'zod'
import type { Connected } from '../../auth/index.ts'
import { type Clock, Problem } from '../../base/index.ts'
import type { Catalog } from '../../catalog/index.ts'
import {
  appRoute,
  createMessage,
  type Enter,
  eventStream,
  instanceRoute,
  type Reply,
  type Route,
} from '../../http/index.ts'
import type { Jobs, Operation } from '../../jobs/index.ts'
import type { Hub, NewClient } from './hub.ts'
import { missedSince } from './listening.ts'
import { streamQuery } from './live.schema.ts'
import type { AppEvent } from './rights.ts'
import { belongsTo, operationEvent } from './state-events.ts'
import { type Wishes, withPlace } from './wishes.ts'

export interface StreamsDeps {
  readonly hub: Hub
  readonly jobs: Pick<Jobs, 'get'>
  readonly catalog: Pick<Catalog, 'app'>
  readonly clock: Clock
  /** Errors: `unauthenticated`, `overloaded`. */
  readonly join: (who: Connected) => Promise<NewClient['member']>
}

/** The events of websockets over plain HTTP, for whoever only listens. */
export function streamsRoutes(deps: StreamsDeps): Route[] {
  const operationParams = z.object({ id: z.string() })
  return [
    instanceRoute({
      method: 'GET',
      url: '/live/events',
      action: 'live.connect',
      summary: 'What happens, as an event stream. `Last-Event-ID` tells what was missed',
      query: streamQuery,
      errors: [503],
      async handle({ principal: { username }, session }, { query, headers }) {
        const wishes = query.app === undefined ? null : withPlace(null, { app: query.app, stage: query.stage })
        return stream(deps, { username, session }, { wishes: wishes === 'too-many' ? null : wishes, headers })
      },
    }),
    appRoute({
      method: 'GET',
      url: '/operations/:id/events',
      action: 'operations.read',
      summary: 'One operation as an event stream: its state now, what happens, and then the end',
      params: operationParams,
      errors: [503],
      handle: ({ app, principal: { username }, session }, { params }) =>
        operationStream(deps, { username, session }, { app, id: params.id }),
    }),
    instanceRoute({
      method: 'GET',
      url: '/operations/:id/events',
      action: 'instance-operations.read',
      summary: 'One operation of the instance as an event stream',
      params: operationParams,
      errors: [503],
      handle: ({ principal: { username }, session }, { params }) =>
        operationStream(deps, { username, session }, { app: null, id: params.id }),
    }),
  ]
}

type Caller = Pick<Connected, 'username' | 'session'>

interface Listening {
  readonly wishes: Wishes
  readonly headers: Readonly<Record<string, string | undefined>>
}

async function stream(deps: StreamsDeps, caller: Caller, { wishes, headers }: Listening): Promise<Reply<never>> {
  const lastId = headers['last-event-id']
  const missed = lastId === undefined ? null : missedSince(lastId, deps.clock.now())
  const member = await deps.join({ ...caller, epoch: null })
  return eventStream(entering(deps, { member, wishes, missed }))
}

async function operationStream(
  deps: StreamsDeps,
  caller: Caller,
  { app, id }: { app: string | null; id: string },
): Promise<Reply<never>> {
  const read = async (): Promise<Operation> => {
    const apps = app === null ? [] : [await deps.catalog.app(app)]
    const operation = await deps.jobs.get(id)
    if (operation?.app !== app || !belongsTo(apps)(operation))
      throw new Problem('not_found', `There is no operation "${id}".`)
    return operation
  }
  await read()
  const member = await deps.join({ ...caller, epoch: null })
  return eventStream((outlet) => {
    const visitor = entering(deps, { member, wishes: { operation: id }, missed: null, endsWith: isEnd })(outlet)
    // Read again now that what happens is heard, so that nothing falls in between.
    read().then(
      (operation) => {
        const event = operationEvent(operation, deps.clock.now())
        outlet.send(createMessage(event))
        if (isEnd(event)) outlet.close(1000, 'The operation has ended.')
      },
      () => outlet.close(1011, 'The operation cannot be read.'),
    )
    return visitor
  })
}

function isEnd(event: AppEvent): boolean {
  return event.type === 'operation.done' || event.type === 'operation.failed' || event.type === 'operation.cancelled'
}

function entering({ hub }: StreamsDeps, client: Omit<NewClient, 'outlet'>): Enter {
  return (outlet) => {
    const entered = hub.enter({ ...client, outlet })
    return { received: () => {}, left: () => hub.leave(entered) }
  }
}
