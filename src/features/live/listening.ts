import { type Clock, isObject, timeOfId } from '../../base/index.ts'
import { createMessage } from '../../http/index.ts'
import type { Client } from './client.ts'
import type { Hub } from './hub.ts'
import { type ClientMessage, clientMessage } from './live.schema.ts'
import { mostPlaces, withoutPlace, withPlace } from './wishes.ts'

/** So much is told of what was missed. Who was away for longer reads the lists anew. */
const longestAbsenceMs = 3_600_000

/** What a client may say in a while, and how often it may be wrong before it is sent away. */
const windowMs = 10_000
const mostMessages = 150
const mostFaults = 10

export interface Listening {
  readonly hub: Pick<Hub, 'oweTo'>
  readonly clock: Clock
}

/** Takes what one client says. */
export function listenTo(client: Client, { hub, clock }: Listening): (text: string) => void {
  let windowStart = 0
  let count = 0
  let faults = 0

  function complain(detail: string): void {
    if (++faults > mostFaults) client.outlet.close(1008, 'Too many messages that are not valid.')
    else client.outlet.send(createMessage({ type: 'problem', code: 'invalid_request', detail }))
  }

  function follow(message: ClientMessage): void {
    if (message.type === 'resume') {
      const missed = missedSince(message.after, clock.now())
      if (missed) hub.oweTo(client, missed.since, missed.reason)
      else complain('"after" is not the id of an event.')
      return
    }
    const wishes =
      message.type === 'subscribe' ? withPlace(client.wishes, message) : withoutPlace(client.wishes, message)
    if (wishes === 'too-many') complain(`No more than ${mostPlaces} places can be subscribed to.`)
    else client.wishes = wishes
  }

  return (text) => {
    const now = performance.now()
    if (now - windowStart > windowMs) {
      windowStart = now
      count = 0
    }
    if (++count > mostMessages) {
      client.outlet.close(1008, 'Too many messages.')
      return
    }
    const message = clientMessage.safeParse(parse(text))
    if (message.success) follow(message.data)
    else complain(message.error.issues[0]?.message ?? 'The message is not valid.')
  }
}

/** What somebody is to be told who has heard of the event with this id; null when it is the id of none. */
export function missedSince(after: string, now: number): { since: number; reason: 'too_old' | null } | null {
  const time = timeOfId(after)
  if (time === null) return null
  const oldest = now - longestAbsenceMs
  return time < oldest ? { since: oldest, reason: 'too_old' } : { since: Math.min(time, now), reason: null }
}

function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : null
  } catch {
    return null
  }
}
