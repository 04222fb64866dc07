import { type Clock, createOutages, type Log, timeOfId } from '../../base/index.ts'
import { createMessage } from '../../http/index.ts'
import type { LiveEvent } from '../../jobs/index.ts'
import type { CatchUp } from './catch-up.ts'
import { tellOne } from './client.ts'
import type { People } from './people.ts'
import { mayHear } from './rights.ts'
import { wants } from './wishes.ts'

export interface TellingDeps {
  readonly people: Pick<People, 'look' | 'all' | 'count' | 'doubt'>
  readonly catchUp: Pick<CatchUp, 'owe'>
  readonly oweToAll: (since: number) => void
  readonly clock: Clock
  readonly log: Log
  /** What may wait to be sent to one client, in bytes. */
  readonly buffer: number
}

/** Above this many events that wait for rights to be looked at, what was missed is told from the records. */
const mostWaiting = 10_000

/** Tells events, one after the other, to everybody who may hear of them by the rights of that moment. */
export function createTelling(deps: TellingDeps): (event: LiveEvent) => void {
  const { people, oweToAll, clock, log } = deps
  let waiting: LiveEvent[] = []
  let telling = false
  const outages = createOutages(log, {
    begins: 'Events wait: the rights of those who watch could not be read.',
    ends: 'The rights of those who watch can be read again.',
  })

  function giveUp(first: LiveEvent | undefined): void {
    waiting = []
    oweToAll((first && timeOfId(first.id)) ?? clock.now())
  }

  async function tellWaiting(): Promise<void> {
    if (telling) return
    telling = true
    let next: LiveEvent[] = []
    try {
      while (waiting.length > 0) {
        // What comes while rights are being read is told by newer ones: it may be what changed them.
        next = waiting.splice(0)
        await people.look()
        outages.worked()
        for (const event of next) tellEverybody(event, deps)
      }
    } catch (error) {
      // Nobody's rights are known: nobody is told anything until they are.
      outages.failed(error)
      giveUp(next[0])
    } finally {
      telling = false
    }
  }

  return (event) => {
    if (event.type === 'session.revoked') {
      if (people.count(event.username) === 0) return
      // Another process may have written it, where the store does not tell of changes.
      people.doubt()
    }
    if (waiting.length >= mostWaiting) giveUp(waiting[0])
    waiting.push(event)
    void tellWaiting()
  }
}

function tellEverybody(event: LiveEvent, { people, clock, catchUp, buffer }: TellingDeps): void {
  // Looking at everybody's rights has found those whom it concerns, and has told them.
  if (event.type === 'session.revoked') return
  const message = createMessage(event)
  const now = clock.now()
  for (const { principal, until, clients } of people.all()) {
    if (until <= now || !mayHear(principal, event)) continue
    for (const client of clients) {
      if (!wants(client.wishes, event)) continue
      if (client.outlet.waiting() > buffer) catchUp.owe(client, timeOfId(event.id) ?? now, 'overflow')
      else tellOne(client, event, message)
    }
  }
}
