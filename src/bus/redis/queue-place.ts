import type { QueuedJob } from '../port.ts'
import type { Client } from './connections.ts'

/** Where a queue lies: its keys share a slot of a cluster. BullMQ makes its own out of prefix and name. */
export interface QueuePlace {
  readonly prefix: string
  readonly name: string
  /** Jobs that wait, by tag. */
  readonly waiting: string
  /** Delayed jobs, by when they are due. */
  readonly delayed: string
  /** Wakes workers. */
  readonly marker: string
  /** The account of who was served how much. */
  readonly account: string
  /** Dead jobs, the newest first. */
  readonly dead: string
  /** A job, by the id that BullMQ knows. */
  job(id: string): string
}

export function placeOf(prefix: string, queue: string): QueuePlace {
  const [parent, name] = [`${prefix}:queue`, `{${queue}}`]
  const key = (rest: string) => `${parent}:${name}:${rest}`
  return {
    prefix: parent,
    name,
    waiting: key('prioritized'),
    delayed: key('delayed'),
    marker: key('marker'),
    account: key('account'),
    dead: key('dead'),
    job: key,
  }
}

/** BullMQ takes no numbers for ids, and has keys such as `wait` beside its jobs. */
export const inBull = (id: string): string => `j-${id}`
export const fromBull = (id: string): string => id.replace(/^j-/, '')

/** The line of a job in the account; jobs have it for a name. */
export const lineOf = ({ priority, group }: Pick<QueuedJob, 'priority' | 'group'>): string => `${priority} ${group}`

/** Runs a script on the server. */
export type Run = (script: string, keys: readonly string[], args: readonly (string | number)[]) => Promise<unknown>

export function runner(client: Client): Run {
  return (script, keys, args) => client.eval(script, keys.length, ...keys, ...args)
}
