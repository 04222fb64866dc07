import { setTimeout as sleep } from 'node:timers/promises'
import type { Agent, Dispatcher } from 'undici'
import { isProblem, Problem } from '../../base/index.ts'
import { abortProblem, codeOf, startDeadline, throwIfAborted } from '../failure.ts'
import type { ConnectorDeps } from '../port.ts'
import { readBody } from './body.ts'
import type { HttpConfig } from './schema.ts'

export interface HttpRequest {
  readonly url: URL
  readonly method: 'GET' | 'POST'
  readonly headers: { readonly [name: string]: string }
  readonly body?: string
}

export interface HttpAnswer {
  readonly status: number
  /** Lower case, without parameters. */
  readonly contentType: string
  readonly text: string
  readonly retryAfter: number | undefined
}

/** Sends one request. Errors: those of the dialer and the signal, `source_failed`, `source_timeout`, `too_many_rows`. */
export type Send = (request: HttpRequest, signal: AbortSignal) => Promise<HttpAnswer>

const mostRedirects = 5
/** Milliseconds before each further try of a request that did not come through. */
const waits = [100, 400]
const redirects = new Set([301, 302, 303, 307, 308])

interface SendDeps extends Pick<ConnectorDeps, 'limits'> {
  readonly agent: Agent
  readonly config: HttpConfig
}

export function createSend(deps: SendDeps): Send {
  const timeoutMs = deps.config.timeout * 1000
  return async (request, signal) => {
    const deadline = startDeadline(signal, timeoutMs, 'The source did not answer in time.')
    try {
      return await follow(deps, request, deadline.signal)
    } catch (error) {
      throw sendProblem(error, deadline.signal)
    } finally {
      deadline.end()
    }
  }
}

/** Redirects are followed here and not by the client, so that each new address is checked and no secret goes to another server. */
async function follow(deps: SendDeps, first: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
  let request = first
  for (let count = 0; count <= mostRedirects; count++) {
    const answer = await tryTo(deps, request, signal)
    const location = redirects.has(answer.statusCode) ? textOf(answer.headers.location) : undefined
    if (location === undefined) return readAnswer(deps, answer)
    await answer.body.dump()
    request = redirected(request, answer.statusCode, location)
  }
  throw new Problem('source_failed', `The source redirects more than ${mostRedirects} times.`)
}

function redirected({ url, method, headers, body }: HttpRequest, status: number, location: string): HttpRequest {
  const next = URL.canParse(location, url.href) ? new URL(location, url) : undefined
  if (!next || !/^https?:$/.test(next.protocol) || next.username !== '' || next.password !== '') {
    throw new Problem('source_failed', 'The source redirects to something that is no http(s) address.')
  }
  if (url.protocol === 'https:' && next.protocol === 'http:') {
    throw new Problem('source_failed', 'The source redirects from https to http, which is not followed.')
  }
  next.hash = ''
  const same = next.origin === url.origin
  // Browsers make a GET of these too.
  const again = status === 307 || status === 308 || method === 'GET'
  if (again && body !== undefined && !same) {
    throw new Problem('source_failed', 'The source redirects a POST to another server, which is not followed.')
  }
  return { url: next, method: again ? method : 'GET', headers: same ? headers : {}, ...(again && body ? { body } : {}) }
}

async function tryTo(deps: SendDeps, request: HttpRequest, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
  for (const wait of waits) {
    try {
      return await sendOnce(deps, request, signal)
    } catch (error) {
      throwIfAborted(signal)
      // What has been refused will be refused again; and a POST may have come through.
      if (request.method !== 'GET' || (isProblem(error) && error.code !== 'source_failed')) throw error
    }
    await sleep(wait, undefined, { signal })
  }
  return sendOnce(deps, request, signal)
}

function sendOnce({ agent }: SendDeps, { url, method, headers, body }: HttpRequest, signal: AbortSignal) {
  return agent.request({
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    method,
    headers: {
      accept: 'application/json',
      'accept-encoding': 'gzip',
      'user-agent': 'laputa',
      ...headers,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    body: body ?? null,
    signal,
  })
}

async function readAnswer({ limits }: SendDeps, answer: Dispatcher.ResponseData): Promise<HttpAnswer> {
  const [contentType = '', ...parameters] = (textOf(answer.headers['content-type']) ?? '').toLowerCase().split(';')
  const charset = parameters.map((parameter) => /^\s*charset="?([\w.:-]+)"?\s*$/.exec(parameter)?.[1]).find(Boolean)
  const coding = (textOf(answer.headers['content-encoding']) ?? '').trim().toLowerCase()
  const retryAfter = Number(textOf(answer.headers['retry-after']))
  return {
    status: answer.statusCode,
    contentType: contentType.trim(),
    text: await readBody(answer.body, { coding, charset: charset ?? 'utf-8' }, limits.maxBytes),
    retryAfter: Number.isInteger(retryAfter) && retryAfter > 0 ? Math.min(retryAfter, 3600) : undefined,
  }
}

function textOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header
}

function sendProblem(error: unknown, signal: AbortSignal): Problem {
  if (signal.aborted) return abortProblem(signal)
  if (isProblem(error)) return error
  const code = codeOf(error)
  if (/TIMEOUT/.test(code)) return new Problem('source_timeout', 'The source did not answer in time.')
  if (/CERT|SELF_SIGNED|UNABLE_TO/.test(code)) {
    return new Problem('source_failed', `The certificate of the source is not trusted (${code}).`)
  }
  return new Problem('source_failed', `The source broke the connection off, or does not speak HTTP (${code}).`)
}
