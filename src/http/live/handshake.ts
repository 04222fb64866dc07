import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { Problem } from '../../base/index.ts'
import { problemDocument } from '../problems.ts'

/** The protocol that clients name; the ticket may stand beside it, as `ticket.<ticket>`: so it is in no address and in no log of one. */
export const protocol = 'laputa'

const ticketPrefix = 'ticket.'

/** Null when the request carries none. */
export function readTicket({ headers, url = '' }: IncomingMessage): string | null {
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
  const carried = offered.find((name) => name.startsWith(ticketPrefix))
  return carried?.slice(ticketPrefix.length) ?? new URLSearchParams(url.split('?')[1] ?? '').get('ticket')
}

export function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?')[0] ?? ''
}

/**
 * Whether a request comes from a page of our own, or from no page at all. No page can set the headers that are compared with its
 * origin, so a forwarded host is believed from whomever: it only says what our own name is.
 */
export function isOurOrigin({ headers }: IncomingMessage): boolean {
  const { origin, host } = headers
  if (origin === undefined) return true
  const page = URL.canParse(origin) ? new URL(origin).host : ''
  const [forwarded = ''] = String(headers['x-forwarded-host'] ?? '').split(',')
  // A file has no host either.
  return page !== '' && (page === withoutDefaultPort(host) || page === withoutDefaultPort(forwarded.trim()))
}

/** An origin leaves the port of its scheme out; a host header may name it. */
function withoutDefaultPort(host: string | undefined): string {
  return (host ?? '').toLowerCase().replace(/:(80|443)$/, '')
}

/** Answers a request to upgrade with what is the matter, and closes. */
export function refuseUpgrade(socket: Duplex, problem: Problem, requestId: string): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const body = JSON.stringify(problemDocument(problem, requestId))
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? 'Refused'}`,
    'content-type: application/problem+json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'cache-control: no-store',
    `x-request-id: ${requestId}`,
    ...(problem.retryAfter === undefined ? [] : [`retry-after: ${problem.retryAfter}`]),
    'connection: close',
  ]
  socket.once('finish', () => socket.destroy())
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

export const noTicket = () =>
  new Problem('unauthenticated', 'The ticket is missing, used, or over: ask for one with "POST /live/ticket".')
