import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type JsonObject, silentLog, systemClock } from '../../src/base/index.ts'
import { type Connection, type ConnectorLimits, connectors, createDialer } from '../../src/connectors/index.ts'
import type { Column, Value } from '../../src/pipeline/index.ts'
import { guardedForTest } from './guarded.ts'

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void

interface Reading {
  readonly connection?: Connection
  readonly signal?: AbortSignal
}

/** Two real servers on this machine that answer as a test says, and the HTTP connector to the first one. */
export interface HttpSource {
  handler: Handler
  /** Method and path of the requests so far. */
  asked: string[]
  /** The base route of the first server, and the address of the second one. */
  readonly base: string
  readonly other: string
  answerWith(value: unknown, status?: number, type?: string): void
  open(config?: JsonObject, limits?: Partial<ConnectorLimits>, allow?: readonly string[]): Promise<Connection>
  /** All rows of a query, and its columns as `name type`. */
  read(
    query: JsonObject,
    variables?: JsonObject,
    reading?: Reading,
  ): Promise<{ columns: string[]; rows: (readonly Value[])[] }>
  /** Between tests: closes the connections and forgets the requests. */
  reset(): Promise<void>
  close(): Promise<void>
}

const limits: ConnectorLimits = { timeoutMs: 5000, maxRows: 5000, maxBytes: 1_000_000, concurrency: 4 }

export async function anHttpSource(): Promise<HttpSource> {
  const connector = connectors.get('http')!
  const opened: Connection[] = []
  const serve: Handler = (request, response, body) => {
    source.asked.push(`${request.method} ${request.url}`)
    source.handler(request, response, body)
  }
  const servers = await Promise.all([listen(serve), listen(serve)])
  const [base, other] = servers.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const source: HttpSource = {
    handler: () => {},
    asked: [],
    base: `${base}/api`,
    other: other ?? '',
    answerWith: (value, status = 200, type = 'application/json') => {
      source.handler = (_request, response) => {
        response.writeHead(status, { 'content-type': type })
        response.end(typeof value === 'string' ? value : JSON.stringify(value))
      }
    },
    open: async (config = {}, some = {}, allow = ['127.0.0.1']) => {
      const connection = await connector.open(
        { baseroute: source.base, ...config },
        { dialer: createDialer({ allow }), clock: systemClock, log: silentLog, limits: { ...limits, ...some } },
      )
      opened.push(connection)
      return connection
    },
    read: async (query, variables = {}, { connection, signal = new AbortController().signal } = {}) => {
      const resolved = connector.resolve(query, variables)
      const engine = (connection ?? (await source.open())).engine(new Map([['d', resolved]]))
      const columns: Column[] = []
      const rows: (readonly Value[])[] = []
      for await (const batch of engine.stream(guardedForTest([{ name: 'domain', domain: 'd' }]), signal)) {
        columns.splice(0, columns.length, ...batch.columns)
        rows.push(...batch.rows)
      }
      return { columns: columns.map(({ name, type }) => `${name} ${type}`), rows }
    },
    reset: async () => {
      await Promise.all(opened.splice(0).map((connection) => connection.close()))
      source.asked = []
    },
    close: async () => {
      await Promise.all(servers.map(closeServer))
    },
  }
  return source
}

async function listen(serve: Handler): Promise<Server> {
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += String(chunk)
    })
    request.on('end', () => serve(request, response, body))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return server
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => {
    server.close(resolve)
  })
}
