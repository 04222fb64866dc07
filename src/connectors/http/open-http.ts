import { type Json, Problem } from '../../base/index.ts'
import type { Batch, Engine, Guarded, Query } from '../../pipeline/index.ts'
import { abortProblem, startDeadline } from '../failure.ts'
import type { DefinedConnection } from '../kit.ts'
import type { ConnectionStatus, ConnectorDeps } from '../port.ts'
import { createSlots } from '../slots.ts'
import { createAgent } from './agent.ts'
import { tableOf } from './columns.ts'
import { createJq } from './jq.ts'
import { type PagesDeps, readPages } from './pages.ts'
import { createSend } from './request.ts'
import type { HttpSource } from './resolve.ts'
import { type HttpConfig, httpCapabilities } from './schema.ts'

const batchRows = 1000

/** Opens nothing yet: connections begin with the first request. */
export function openHttp(config: HttpConfig, deps: ConnectorDeps): DefinedConnection<HttpSource> {
  const agent = createAgent(config, deps)
  const slots = createSlots(deps.limits.concurrency)
  const reader = { config, send: createSend({ agent, config, limits: deps.limits }), headers: headersOf(config) }

  async function read(source: HttpSource, signal: AbortSignal): Promise<readonly Json[]> {
    const leave = await slots.take(signal)
    const jq = createJq()
    try {
      return await readAll({ ...reader, jq }, source, { signal, maxRows: deps.limits.maxRows })
    } finally {
      await jq.close()
      leave()
    }
  }

  return {
    status: (signal) => checkStatus(config, deps, signal),
    tables: async () => [],
    engine: (sources) => createEngine(sources, deps, read),
    close: () => agent.destroy(),
  }
}

interface Reading {
  readonly signal: AbortSignal
  readonly maxRows: number
}

async function readAll(deps: PagesDeps, source: HttpSource, { signal, maxRows }: Reading): Promise<readonly Json[]> {
  const rows: Json[] = []
  for await (const page of readPages(deps, source, signal)) {
    if (rows.length + page.length > maxRows) {
      throw new Problem('too_many_rows', `The source has more than ${maxRows} rows; \`connections\` has the limits.`)
    }
    for (const row of page) rows.push(row)
  }
  return rows
}

type Read = (source: HttpSource, signal: AbortSignal) => Promise<readonly Json[]>

/** An engine that gives all rows of a domain: what is done with them, and which of them may be seen, is the planner's. */
function createEngine(sources: ReadonlyMap<string, HttpSource>, { limits }: ConnectorDeps, read: Read): Engine {
  async function* stream(query: Guarded<Query>, signal: AbortSignal): AsyncGenerator<Batch, void, undefined> {
    const [{ domain, of }, ...steps] = query.pipeline
    const source = sources.get(domain)
    if (!source || of || steps.length > 0) {
      throw new Problem('internal', 'A query was sent to an HTTP connection that it cannot run.')
    }
    const deadline = startDeadline(signal, limits.timeoutMs, 'The source did not give all its pages in time.')
    try {
      // The type of a column depends on all its values.
      const { columns, rows } = tableOf(await read(source, deadline.signal))
      for (let from = 0; from === 0 || from < rows.length; from += batchRows) {
        yield { columns, rows: rows.slice(from, from + batchRows) }
      }
    } catch (error) {
      throw deadline.signal.aborted ? abortProblem(deadline.signal) : error
    } finally {
      deadline.end()
    }
  }
  return {
    capabilities: httpCapabilities,
    fetch: async () => {
      throw new Problem('internal', 'An HTTP connection gives no pages: its rows are streamed.')
    },
    stream,
  }
}

function headersOf({ auth, username, password, token, header_name: name, headers }: HttpConfig) {
  switch (auth) {
    case 'none':
      return headers
    case 'basic': {
      const credentials = Buffer.from(`${username ?? ''}:${password ?? ''}`).toString('base64')
      return { ...headers, authorization: `Basic ${credentials}` }
    }
    case 'bearer':
      return { ...headers, authorization: `Bearer ${token ?? ''}` }
    case 'header':
      return { ...headers, [name ?? '']: token ?? '' }
  }
}

async function checkStatus(config: HttpConfig, deps: ConnectorDeps, signal: AbortSignal): Promise<ConnectionStatus> {
  const { hostname, port, protocol } = new URL(config.baseroute)
  const deadline = startDeadline(signal, config.timeout * 1000, 'The source did not answer in time.')
  let passed = 0
  let error: string | null = null
  try {
    await deps.dialer.locate(hostname, deadline.signal)
    passed = 1
    const socket = await deps.dialer.connect(
      hostname,
      Number(port) || (protocol === 'https:' ? 443 : 80),
      deadline.signal,
    )
    socket.destroy()
    passed = 2
  } catch (problem) {
    if (signal.aborted) throw abortProblem(signal)
    error = problem instanceof Problem ? problem.message : 'The source cannot be reached.'
  } finally {
    deadline.end()
  }
  const checks = ['Host resolved', 'Port opened'].map((name, index) => {
    return { name, passed: index < passed ? true : index > passed ? null : false }
  })
  return { ok: error === null, error, checks }
}
