import { type Clock, createOutages, type Log } from '../../base/index.ts'
import type { Bus } from '../../bus/index.ts'
import type { Catalog } from '../../catalog/index.ts'
import type { Jobs, LiveEvent } from '../../jobs/index.ts'
import { belongsTo, operationEvent } from './state-events.ts'

export interface OutageDeps {
  readonly bus: Pick<Bus, 'ping'>
  readonly jobs: Pick<Jobs, 'list'>
  readonly catalog: Pick<Catalog, 'apps'>
  readonly clock: Clock
  readonly log: Log
  readonly tell: (event: LiveEvent) => void
}

/** Events come from the records of operations while the bus does not bring them. */
export interface Outage {
  /** Asks the bus whether it works. To be called every few seconds. */
  beat(): Promise<void>
  /** The bus worked then; what came after may have been lost. Milliseconds since 1970. */
  heardAt(): number
}

/** Between a write and its being found; clocks of machines differ. */
const marginMs = 5000
const pageSize = 200
/** So that an outage of hours does not read everything in one go: the newest come first. */
const mostPages = 10

export function createOutage({ bus, jobs, catalog, clock, log, tell }: OutageDeps): Outage {
  let heardAt = clock.now()
  let readAt: number | null = null
  let told: ReadonlyMap<string, number> = new Map()
  const outages = createOutages(log, {
    begins: 'The bus does not answer: events are read from the records.',
    ends: 'The bus answers again.',
  })

  async function changedSince(since: number) {
    const found: Awaited<ReturnType<Jobs['list']>>[number][] = []
    for (let page = 0; page < mostPages; page++) {
      const after = found.at(-1)?.id
      const next = await jobs.list({ changedSince: since, limit: pageSize, ...(after !== undefined && { after }) })
      found.push(...next)
      if (next.length < pageSize) break
    }
    return found
  }

  async function tellFromRecords(): Promise<void> {
    const now = clock.now()
    const changed = await changedSince((readAt ?? heardAt) - marginMs)
    readAt = now
    const isOurs = belongsTo(await catalog.apps())
    for (const operation of changed.filter(isOurs).reverse()) {
      if (told.get(operation.id) !== operation.changedAt) tell(operationEvent(operation, now))
    }
    told = new Map(changed.map(({ id, changedAt }) => [id, changedAt]))
  }

  return {
    heardAt: () => heardAt,
    async beat() {
      const now = clock.now()
      try {
        await bus.ping()
        outages.worked()
        heardAt = now
        readAt = null
        told = new Map()
      } catch (cause) {
        outages.failed(cause)
        await tellFromRecords().catch((error: unknown) => log.debug({ err: error }, 'The records cannot be read.'))
      }
    },
  }
}
