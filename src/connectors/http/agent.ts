import { Agent, buildConnector } from 'undici'
import { Problem } from '../../base/index.ts'
import { startDeadline } from '../failure.ts'
import type { ConnectorDeps } from '../port.ts'
import type { HttpConfig } from './schema.ts'

/** A client of undici whose every connection goes through the dialer. The caller closes it. */
export function createAgent({ timeout }: HttpConfig, { dialer, limits }: ConnectorDeps): Agent {
  const timeoutMs = timeout * 1000
  const secure = buildConnector({ allowH2: false, timeout: timeoutMs })
  const connect: buildConnector.connector = (options, callback) => {
    const { hostname, port, protocol } = options
    const deadline = startDeadline(new AbortController().signal, timeoutMs, 'The source did not answer in time.')
    dialer
      .connect(hostname, Number(port) || (protocol === 'https:' ? 443 : 80), deadline.signal)
      .finally(deadline.end)
      .then(
        // The certificate is checked against the name, whatever address the socket leads to.
        (socket) =>
          protocol === 'https:' ? secure({ ...options, httpSocket: socket }, callback) : callback(null, socket),
        (error: unknown) => callback(asError(error), null),
      )
  }
  return new Agent({
    connect,
    connections: limits.concurrency,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    keepAliveTimeout: 4000,
  })
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Problem('source_failed', 'The source cannot be reached.')
}
