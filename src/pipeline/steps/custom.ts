import * as z from 'zod'
import { isObject, Problem } from '../../base/index.ts'
import { readStages } from '../native/stages.ts'
import { record } from '../parsing/record.ts'
import type { NestedPipeline } from '../step.ts'
import { isTemplate } from '../templates/template.ts'
import { defineStep } from './definition.ts'

/** A native query as a step has it. `stages` is JSON text: what stands in it is data, never taken for a part of the pipeline. */
export interface NativeStages {
  readonly stages: string
  /** The domains that stages read besides, each as a pipeline, so that the guard sees it. */
  readonly reads: readonly NestedPipeline[]
}

const query = z.unknown().transform((raw, context): NativeStages => {
  const wrong = (message: string, path: readonly (string | number)[] = [], params: object = {}) => {
    context.issues.push({
      code: 'custom',
      message,
      path: [...path],
      params: { ...params, structural: true },
      input: null,
    })
    return z.NEVER
  }
  const read = typeof raw === 'string' ? parseJson(raw) : { json: raw }
  if ('problem' in read) return wrong(read.problem)
  const found = readStages(read.json)
  if ('issues' in found) {
    for (const { path, message, ...params } of found.issues) wrong(message, path, params)
    return z.NEVER
  }
  return {
    stages: JSON.stringify(found.stages),
    reads: found.reads.map((domain) => [{ name: 'domain', domain }]),
  }
})

export const custom = defineStep({
  name: 'custom',
  summary:
    'A query of MongoDB over the rows so far: a list of stages, as JSON. Only stages and operators that read are allowed; domains that `$lookup`, `$unionWith` and `$graphLookup` name are read with their rules.',
  example: {
    step: {
      query:
        '[{"$group":{"_id":"$product","sales":{"$sum":"$sales"}}},{"$sort":{"_id":1}},{"$project":{"_id":0,"product":"$_id","sales":"$sales"}}]',
    },
    input: {
      columns: { product: 'text', sales: 'integer' },
      rows: [
        ['tea', 10],
        ['coffee', 14],
        ['tea', 5],
      ],
    },
    output: {
      columns: { product: 'text', sales: 'integer' },
      rows: [
        ['coffee', 14],
        ['tea', 15],
      ],
    },
  },
  fields: record({ query: query.meta({ type: ['string', 'array', 'object'] }) }),
  native: (raw, { render }) => {
    const text = raw.query
    const read = typeof text === 'string' ? parseJson(text) : { json: text }
    return 'json' in read ? { ...raw, query: withValues(read.json, render) } : raw
  },
  columns: () => {
    throw workbenchOnly()
  },
  sql: () => {
    throw workbenchOnly()
  },
})

/** The planner leaves such steps to the workbench, which finds their columns by running them. */
export function workbenchOnly(): Problem {
  return new Problem('internal', 'A native step reached a compiler.')
}

function parseJson(text: string): { readonly json: unknown } | { readonly problem: string } {
  try {
    return { json: JSON.parse(text) }
  } catch {
    return { problem: 'This is not JSON.' }
  }
}

/** Variables become values, never structure: a text that would be read as a path or an object with operators is refused. */
function withValues(value: unknown, render: (template: string) => unknown): unknown {
  if (typeof value === 'string') return isTemplate(value) ? plainValue(render(value)) : value
  if (Array.isArray(value)) {
    return value.flatMap((item) => {
      const rendered = withValues(item, render)
      return typeof item === 'string' && Array.isArray(rendered) ? rendered : [rendered]
    })
  }
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withValues(member, render)]))
}

function plainValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainValue)
  if (value instanceof Date) return { $date: value.toISOString() }
  if (isObject(value) || (typeof value === 'string' && value.startsWith('$'))) {
    throw new Problem('pipeline_invalid', 'A variable in a native query is a plain value that does not begin with "$".')
  }
  return value
}
