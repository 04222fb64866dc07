import { type Clock, createOutages, type Log } from '../../base/index.ts'
import type { Catalog } from '../../catalog/index.ts'
import { createMessage, type Message } from '../../http/index.ts'
import type { Jobs, Operation } from '../../jobs/index.ts'
import { type Client, type Debt, newDebt, owe, tellOne } from './client.ts'
import type { People } from './people.ts'
import { type AppEvent, mayHear } from './rights.ts'
import { belongsTo, operationEvent, releaseEvents, stamp } from './state-events.ts'
import { wants } from './wishes.ts'

/** Tells clients what they have missed: not the events, which nobody keeps, but the present state of what has changed since. */
export interface CatchUp {
  owe(client: Client, since: number, reason: Debt['reason']): void
  forget(client: Client): void
  /** Tells what is owed to those who take it; whoever is slow is told the rest later. */
  settle(): Promise<void>
}

export interface CatchUpDeps {
  readonly people: Pick<People, 'look'>
  readonly jobs: Pick<Jobs, 'list'>
  readonly catalog: Pick<Catalog, 'apps'>
  readonly clock: Clock
  readonly log: Log
  readonly buffer: number
}

/** Clocks of machines differ, and what is written is told a moment later. */
const marginMs = 5000

const pageSize = 100

/** After a failure of the store. */
const pauseMs = 1000

export function createCatchUp(deps: CatchUpDeps): CatchUp {
  const { log, buffer } = deps
  const owed = new Set<Client>()
  let settling = false
  let notBefore = 0
  const outages = createOutages(log, {
    begins: 'What clients have missed could not be read yet; it is tried again.',
    ends: 'What clients have missed can be read again.',
  })

  /** Those who stand at the same place and have room for more; null when there are none. */
  function nextCohort(): Cohort | null {
    const ready = [...owed].filter(({ outlet }) => outlet.waiting() <= buffer / 4)
    const after = ready[0]?.debt?.after ?? null
    const clients = ready.filter(({ debt }) => debt?.after === after)
    return clients.length === 0 ? null : { clients, after }
  }

  async function settleAll(): Promise<void> {
    for (let cohort = nextCohort(); cohort !== null; cohort = nextCohort()) {
      await serve(cohort, deps)
      for (const client of cohort.clients) if (client.debt === null) owed.delete(client)
    }
  }

  return {
    owe(client, since, reason) {
      owe(client, since, reason)
      owed.add(client)
    },
    forget: (client) => {
      client.debt = null
      owed.delete(client)
    },
    async settle() {
      if (settling || owed.size === 0 || performance.now() < notBefore) return
      settling = true
      try {
        await settleAll()
        outages.worked()
      } catch (error) {
        notBefore = performance.now() + pauseMs
        outages.failed(error)
      } finally {
        settling = false
      }
    },
  }
}

interface Cohort {
  readonly clients: readonly Client[]
  readonly after: string | null
}

async function serve(cohort: Cohort, deps: CatchUpDeps): Promise<void> {
  setReading(cohort, true)
  try {
    await readAndTell(cohort, deps)
  } finally {
    setReading(cohort, false)
  }
}

function setReading({ clients }: Cohort, reading: boolean): void {
  for (const { debt } of clients) if (debt !== null) debt.reading = reading
}

async function readAndTell(
  { clients, after }: Cohort,
  { people, jobs, catalog, clock, buffer }: CatchUpDeps,
): Promise<void> {
  const since = Math.min(...clients.map(({ debt }) => debt?.since ?? Number.POSITIVE_INFINITY)) - marginMs
  const page = await jobs.list({ changedSince: since, limit: pageSize, ...(after !== null && { after }) })
  const isLast = page.length < pageSize
  const apps = await catalog.apps()
  // Last, because rights count at the moment of sending.
  await people.look()
  const isOurs = belongsTo(apps)
  const states = page.map((operation) => ({ ...stateOf(operation, clock.now()), isOurs: isOurs(operation) }))
  const releases = isLast ? apps.flatMap((app) => releaseEvents(app, clock.now())).map(withMessage) : []
  for (const client of clients) {
    if (client.debt === null) continue
    if (after === null && client.debt.reason !== null) sayResync(client, client.debt.reason, clock.now())
    if (tellStates(client, states, buffer) && isLast) finish(client, releases, clock.now())
  }
}

function stateOf(operation: Operation, now: number) {
  return { id: operation.id, changedAt: operation.changedAt, ...withMessage(operationEvent(operation, now)) }
}

/** Made once for all who are told it. */
function withMessage(event: AppEvent): { readonly event: AppEvent; readonly message: Message } {
  return { event, message: createMessage(event) }
}

type State = ReturnType<typeof stateOf> & { readonly isOurs: boolean }

/** False when the client took no more: it goes on behind the last one that it took. */
function tellStates(client: Client, states: readonly State[], buffer: number): boolean {
  const { debt, outlet } = client
  if (debt === null) return false
  for (const { id, changedAt, event, message, isOurs } of states) {
    if (outlet.waiting() > buffer) return false
    debt.after = id
    if (isOurs && changedAt >= debt.since - marginMs && concerns(client, event)) tellOne(client, event, message)
    if (client.debt === null) return false
  }
  return true
}

function sayResync(client: Client, reason: string, now: number): void {
  client.outlet.send(createMessage({ type: 'resync', ...stamp(now), reason }))
}

/** The last of what was missed: where the stages are, and from where to resume. */
function finish(client: Client, releases: readonly ReturnType<typeof withMessage>[], now: number): void {
  for (const { event, message } of releases) if (concerns(client, event)) tellOne(client, event, message)
  if (client.debt === null) return
  const { again } = client.debt
  client.debt = again && newDebt(again)
  if (again === null) client.outlet.send(createMessage({ type: 'ready', ...stamp(now) }))
}

function concerns({ member: { principal }, wishes }: Client, event: AppEvent): boolean {
  return mayHear(principal, event) && wants(wishes, event)
}
