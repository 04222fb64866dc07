import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { MetricsPage } from '../../features/index.ts'
import { answerProbe, type ProcessState } from './answer-probe.ts'

export interface ProbeSources {
  state(): ProcessState
  /** Milliseconds since the loop of the process last turned. */
  silentMs(): number
  /** The page of `/metrics`; fails when the process is too busy to tell. */
  metrics(): Promise<MetricsPage>
}

export interface ProbeAddress {
  readonly host: string
  readonly port: number
}

/** Answers probes and `/metrics` on a port of their own, and nothing else. */
export function createProbeServer(sources: ProbeSources): Server {
  return createServer({ requestTimeout: 5000, headersTimeout: 5000, keepAliveTimeout: 5000 }, (request, response) => {
    void answer(sources, request, response)
  })
}

/** Where it listens then. Errors: those of the system, such as `EADDRINUSE`. */
export function listen(server: Server, { host, port }: ProbeAddress): Promise<ProbeAddress> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => {
      server.off('error', reject)
      const { address, port: taken } = server.address() as AddressInfo
      resolve({ host: address, port: taken })
    })
  })
}

async function answer(sources: ProbeSources, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [path = ''] = (request.url ?? '').split('?')
  if (request.method !== 'GET' && request.method !== 'HEAD') return send(response, 405, { status: 'only GET' })
  if (path === '/metrics') return answerMetrics(sources, response)
  const found = answerProbe(path, sources.state(), sources.silentMs())
  send(response, found?.status ?? 404, found?.body ?? { status: 'unknown' })
}

async function answerMetrics(sources: ProbeSources, response: ServerResponse): Promise<void> {
  try {
    const { text, type } = await sources.metrics()
    response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' }).end(text)
  } catch {
    send(response, 503, { status: 'busy' })
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(JSON.stringify(body))
}
