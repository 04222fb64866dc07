import type { z } from 'zod'
import type { SecretBox } from '../../auth/index.ts'
import { type Json, type JsonObject, jsonPointer, Problem, type ProblemItem } from '../../base/index.ts'
import type { Connector } from '../../connectors/index.ts'
import type { ConnectionDocument } from './connections.store.ts'

/** The fields of a config: a change over what there was. A field that is not sent stays, null removes it. */
export function mergeConfig(before: JsonObject, change: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value !== null))
}

/** What the connector makes of a config with its secrets. Errors: `invalid_request` with a path for each thing that is wrong. */
export function checkConfig(connector: Connector, config: JsonObject): JsonObject {
  const result = connector.config.safeParse(config)
  if (result.success) return result.data
  const errors = result.error.issues.flatMap((issue) => itemsOf(issue, connector.secrets))
  throw new Problem('invalid_request', `The config is not valid: ${errors[0]?.message ?? 'it has another shape.'}`, {
    errors,
  })
}

function itemsOf(issue: z.core.$ZodIssue, secrets: readonly string[]): ProblemItem[] {
  const path = ['config', ...issue.path]
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: jsonPointer([...path, key]),
      message: `The field "${key}" is not known here.`,
    }))
  }
  // A schema may quote what it refuses.
  const isSecret = secrets.includes(String(issue.path[0]))
  return [{ path: jsonPointer(path), message: isSecret ? 'This secret is missing or not valid.' : issue.message }]
}

type Place = Pick<ConnectionDocument, 'app' | 'id'>

/** The config as it is kept: the secrets apart and sealed, each for its place. */
export function sealConfig(
  { connector, box }: { readonly connector: Connector; readonly box: SecretBox },
  config: JsonObject,
  place: Place,
): Pick<ConnectionDocument, 'config' | 'secrets'> {
  const isSecret = ([field]: readonly [string, Json]) => connector.secrets.includes(field)
  const fields = Object.entries(config)
  return {
    config: Object.fromEntries(fields.filter((field) => !isSecret(field))),
    secrets: Object.fromEntries(
      fields.filter(isSecret).map(([field, value]) => [field, box.seal(JSON.stringify(value), placeOf(place, field))]),
    ),
  }
}

/** The config with its secrets, as it was sent, but for those of `without`. Errors: those of `SecretBox.open`. */
export function openConfig(box: SecretBox, doc: ConnectionDocument, without: readonly string[] = []): JsonObject {
  const wanted = Object.entries(doc.secrets).filter(([field]) => !without.includes(field))
  const opened = wanted.map(([field, sealed]) => {
    return [field, JSON.parse(box.open(sealed, placeOf(doc, field))) as Json] as const
  })
  return { ...doc.config, ...Object.fromEntries(opened) }
}

const placeOf = ({ app, id }: Place, field: string) => ['connections', app, id, field]
