import { z } from 'zod'
import { Problem } from '../../src/base/index.ts'
import type { Connection, Connector, SourceTable } from '../../src/connectors/index.ts'
import type { Batch } from '../../src/pipeline/index.ts'

/** A source in this process that a test can break, and whose connections it can count. */
export interface TestSource {
  readonly connector: Connector
  /** The configs that were opened, secrets included, and how many of these connections are closed by now. */
  readonly opened: unknown[]
  readonly closed: () => number
  /** What the next calls do instead of answering. */
  failure: Problem | Error | null
  /** Ends when the test says so; queries wait for it. */
  gate: Promise<void>
  tables: readonly SourceTable[]
  /** What its engines stream; without any they refuse. */
  batches: readonly Batch[]
}

const config = z.strictObject({
  host: z.string().min(1),
  port: z.int().min(1).max(65535).optional(),
  user: z.string().optional(),
  password: z
    .string()
    .min(3, { error: (issue) => `"${String(issue.input)}" is too short` })
    .optional(),
  token: z.strictObject({ kind: z.string(), value: z.string() }).optional(),
})
const query = z.strictObject({ table: z.string(), schema: z.string().optional(), limit: z.int().optional() })

export function aTestSource(type = 'test'): TestSource {
  let closed = 0
  const source: TestSource = {
    opened: [],
    closed: () => closed,
    failure: null,
    gate: Promise.resolve(),
    tables: [{ schema: 'public', name: 'sales', columns: [{ name: 'n', type: 'integer' }] }],
    batches: [],
    connector: {
      type,
      label: 'Test source',
      config,
      secrets: ['password', 'token'],
      query,
      capabilities: { steps: 'all', filter: true, sort: true, page: true, count: true, cancel: true, stream: true },
      native: null,
      resolve: (resolved) => ({ ...resolved }),
      async open(opened) {
        source.opened.push(opened)
        await answer(source)
        return connectionTo(source, () => closed++)
      },
    },
  }
  return source
}

function connectionTo(source: TestSource, count: () => void): Connection {
  const refuse = () => {
    throw new Problem('internal', 'The test source answers no queries.')
  }
  return {
    async status() {
      await answer(source)
      return { ok: true, error: null, checks: [{ name: 'Host resolved', passed: true }] }
    },
    async tables() {
      await answer(source)
      return source.tables
    },
    engine: () => ({
      capabilities: source.connector.capabilities,
      async fetch() {
        await answer(source)
        return refuse()
      },
      async *stream() {
        await answer(source)
        if (source.batches.length === 0) refuse()
        yield* source.batches
      },
    }),
    async close() {
      count()
    },
  }
}

async function answer(source: TestSource): Promise<void> {
  await source.gate
  if (source.failure) throw source.failure
}
