import { type Json, jsonPointer, nearestNames, Problem } from '../base/index.ts'
import type { JobDefinition } from './port.ts'

/** What jobs this program knows. */
export interface Definitions {
  /** Errors: `not_found` with the names that come closest. */
  named(name: string): JobDefinition
  /** Undefined when this program does not know the job, or knows another version of it. */
  knows(name: string, version: number): JobDefinition | undefined
}

/** Writes down a job whose arguments have a type of their own. */
export function defineJob<A>(definition: JobDefinition<A>): JobDefinition {
  // What `lock` and `run` are given is always what `args` made.
  return definition as JobDefinition
}

export function createDefinitions(list: readonly JobDefinition[]): Definitions {
  const byName = new Map(list.map((definition) => [definition.name, definition]))
  if (byName.size < list.length) throw new Problem('internal', 'Two jobs have the same name.')
  return {
    named(name) {
      const definition = byName.get(name)
      if (definition) return definition
      const nearest = nearestNames(name, [...byName.keys()])
      const message = `There is no job "${name}".`
      throw new Problem('not_found', message, { errors: [{ path: '/job', message, nearest }] })
    },
    knows(name, version) {
      const definition = byName.get(name)
      return definition?.version === version ? definition : undefined
    },
  }
}

/** The arguments as the job gets them. Errors: `invalid_request` with what is wrong with them. */
export function readArgs(definition: JobDefinition, args: Json): unknown {
  const read = definition.args.safeParse(args)
  if (read.success) return read.data
  const errors = read.error.issues.map(({ path, message }) => ({ path: jsonPointer(['args', ...path]), message }))
  throw new Problem('invalid_request', `The arguments of the job "${definition.name}" are not valid.`, { errors })
}
