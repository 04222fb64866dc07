import { z } from 'zod'
import type { Audit } from '../../access/index.ts'
import { type JsonObject, newSecret, sha256 } from '../../base/index.ts'
import { appRoute, expectedVersion, type Route } from '../../http/index.ts'
import { type Jobs, presentOperation } from '../../jobs/index.ts'
import {
  newSchedule,
  runsPage,
  runsQuery,
  type ScheduleView,
  scheduleChange,
  scheduleParams,
  scheduleStarted,
  scheduleView,
} from './schedules.schema.ts'
import { type Schedules, tagOf } from './schedules.service.ts'
import type { ScheduleDocument, StoredSchedule } from './schedules.store.ts'

export interface SchedulesRoutesDeps {
  readonly schedules: Schedules
  readonly jobs: Pick<Jobs, 'list'>
  readonly audit: Audit
}

export function schedulesRoutes(deps: SchedulesRoutesDeps): Route[] {
  return [
    listSchedules(deps),
    createSchedule(deps),
    readSchedule(deps),
    changeSchedule(deps),
    removeSchedule(deps),
    runSchedule(deps),
    listRuns(deps),
  ]
}

function listSchedules({ schedules }: SchedulesRoutesDeps): Route {
  return appRoute({
    method: 'GET',
    url: '/schedules',
    action: 'schedules.read',
    summary: 'The schedules of the app, with their next and last runs',
    response: z.array(scheduleView),
    handle: async ({ app }) => ({ body: (await schedules.list(app)).map(({ doc }) => viewOf(doc)) }),
  })
}

function createSchedule({ schedules, audit }: SchedulesRoutesDeps): Route {
  return appRoute({
    method: 'POST',
    url: '/schedules',
    action: 'schedules.write',
    summary: 'Create a schedule: a pattern of times in a time zone, and what is done then',
    body: newSchedule,
    response: scheduleView,
    errors: [409, 413],
    async handle(ctx, { body }) {
      const { app, principal } = ctx
      const create = () => schedules.create(principal.username, app, body)
      const event = { action: 'schedule.create', target: body.name, app, details: detailsOf(body) } as const
      const made = await audit.change(ctx, event, create)
      return { status: 201, ...presented(made, { location: `/${app}/schedules/${made.doc.id}` }) }
    },
  })
}

function readSchedule({ schedules }: SchedulesRoutesDeps): Route {
  return appRoute({
    method: 'GET',
    url: '/schedules/:id',
    action: 'schedules.read',
    summary: 'One schedule',
    params: scheduleParams,
    response: scheduleView,
    handle: async ({ app }, { params: { id } }) => presented(await schedules.get({ app, id })),
  })
}

function changeSchedule({ schedules, audit }: SchedulesRoutesDeps): Route {
  return appRoute({
    method: 'PATCH',
    url: '/schedules/:id',
    action: 'schedules.write',
    summary: 'Change a schedule, or switch it on or off',
    params: scheduleParams,
    body: scheduleChange,
    response: scheduleView,
    errors: [409, 412],
    async handle(ctx, { params: { id }, body, headers }) {
      const { app, principal } = ctx
      const edit = { change: body, expected: expectedVersion(headers) }
      const change = () => schedules.change(principal.username, { app, id }, edit)
      const event = { action: 'schedule.change', target: id, app, details: detailsOf(body) } as const
      return presented(await audit.change(ctx, event, change))
    },
  })
}

function removeSchedule({ schedules, audit }: SchedulesRoutesDeps): Route {
  return appRoute({
    method: 'DELETE',
    url: '/schedules/:id',
    action: 'schedules.write',
    summary: 'Remove a schedule. What it has begun goes on',
    params: scheduleParams,
    response: z.strictObject({ message: z.string() }),
    errors: [412],
    async handle(ctx, { params: { id }, headers }) {
      const { app } = ctx
      const remove = () => schedules.remove({ app, id }, expectedVersion(headers))
      await audit.change(ctx, { action: 'schedule.remove', target: id, app }, remove)
      return { body: { message: 'The schedule is gone.' } }
    },
  })
}

function runSchedule({ schedules }: SchedulesRoutesDeps): Route {
  return appRoute({
    method: 'POST',
    url: '/schedules/:id/run',
    action: 'schedules.write',
    summary: 'Do now what a schedule does, also when it is off',
    params: scheduleParams,
    response: scheduleStarted,
    async handle({ app, principal: { username: by }, requestId }, { params: { id }, headers }) {
      const given = headers['idempotency-key']
      // What a client sends is not a part of our keys as it is: it may be long, and look like somebody else's.
      const key = given === undefined ? newSecret(12) : sha256(`${by}\n${given}`).slice(0, 32)
      const operations = await schedules.run({ app, id }, { key, by, requestId })
      const ids = operations.map((operation) => operation.id)
      const last = ids.at(-1) ?? ''
      const body = { message: 'The schedule runs.', operation_id: last, operations: ids }
      return { status: 202, headers: { location: `/${app}/operations/${last}` }, body }
    },
  })
}

function listRuns({ schedules, jobs }: SchedulesRoutesDeps): Route {
  return appRoute({
    method: 'GET',
    url: '/schedules/:id/runs',
    action: 'schedules.read',
    summary: 'What a schedule has done, the newest first: an operation for each action',
    params: scheduleParams,
    query: runsQuery,
    response: runsPage,
    async handle({ app }, { params: { id }, query: { limit, after } }) {
      await schedules.get({ app, id })
      const label = { name: 'schedule', value: id }
      // One more than asked for, to see whether there is another page.
      const found = await jobs.list({ app, label, limit: limit + 1, ...(after !== undefined && { after }) })
      const page = found.slice(0, limit)
      const next = found.length > limit ? (page.at(-1)?.id ?? null) : null
      return { body: { operations: page.map(presentOperation), next } }
    },
  })
}

function presented(schedule: StoredSchedule, headers: Readonly<Record<string, string>> = {}) {
  return { headers: { etag: tagOf(schedule), ...headers }, body: viewOf(schedule.doc) }
}

/** Without what is undefined, which no JSON holds. */
const detailsOf = (fields: object): JsonObject => JSON.parse(JSON.stringify(fields))

const iso = (instant: number): string => new Date(instant).toISOString()

function viewOf(doc: ScheduleDocument): ScheduleView {
  const { id, name, cron, timezone, enabled, lastRun, lastSkip } = doc
  return {
    ...{ id, name, cron, timezone, enabled },
    // A copy may be written to, which its type does not know.
    actions: structuredClone(doc.actions) as ScheduleView['actions'],
    catch_up: { ...doc.catchUp },
    next_run: doc.nextFire === undefined ? null : iso(doc.nextFire),
    last_run: lastRun && { ...lastRun, at: iso(lastRun.at), operations: [...lastRun.operations] },
    last_skip: lastSkip && { ...lastSkip, at: iso(lastSkip.at) },
    created_at: iso(doc.createdAt),
    created_by: doc.createdBy,
    updated_at: iso(doc.updatedAt),
    updated_by: doc.updatedBy,
  }
}
