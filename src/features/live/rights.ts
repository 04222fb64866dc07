import { allows, type Principal } from '../../access/index.ts'
import type { LiveEvent } from '../../jobs/index.ts'

/** An event about an app or the instance: all but the end of sessions, which only those learn whom it concerns. */
export type AppEvent = Exclude<LiveEvent, { type: 'session.revoked' }>

/** Whether somebody may know of what happened. */
export function mayHear(principal: Principal, event: AppEvent): boolean {
  const { app } = event
  if (app === null) return allows(principal, 'instance-operations.read')
  if ('operation' in event) return allows(principal, 'operations.read', { app })
  return allows(principal, 'apps.read', { app, stage: event.stage })
}
