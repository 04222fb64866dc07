import { fastifyCookie } from '@fastify/cookie'
import type { FastifyRequest } from 'fastify'
import type { Credentials } from '../auth/index.ts'
import { Problem } from '../base/index.ts'

const cookieName = 'laputa_session'

/** A page of another site cannot set it, so it proves that a request with the session cookie comes from our own page. */
export const requestHeader = 'x-laputa-request'

/** What a request says about who sends it; null when it says nothing. Errors: `unauthenticated`, `csrf`. */
export function readCredentials(request: FastifyRequest): Credentials | null {
  const { authorization, cookie } = request.headers
  if (authorization !== undefined) return readAuthorization(authorization, request.ip)
  if (cookie === undefined) return null
  const token = fastifyCookie.parse(cookie)[cookieName]
  if (token === undefined || token === '') return null
  if (!isSafe(request.method) && request.headers[requestHeader] !== '1') {
    throw new Problem(
      'csrf',
      'A request that changes something and uses the session cookie needs the header "X-Laputa-Request: 1".',
    )
  }
  return { kind: 'token', token }
}

function readAuthorization(header: string, address: string): Credentials {
  const [, scheme = '', value = ''] = /^([A-Za-z]+) +(\S+)$/.exec(header.trim()) ?? []
  if (scheme.toLowerCase() === 'bearer') return { kind: 'token', token: value }
  if (scheme.toLowerCase() === 'basic') {
    const text = Buffer.from(value, 'base64').toString('utf8')
    const colon = text.indexOf(':')
    if (colon > 0) return { kind: 'password', username: text.slice(0, colon), password: text.slice(colon + 1), address }
  }
  throw new Problem(
    'unauthenticated',
    'The Authorization header is neither "Bearer <token>" nor "Basic <base64 of user:password>".',
  )
}

const isSafe = (method: string) => method === 'GET' || method === 'HEAD'

/** A `Set-Cookie` header that keeps a session in the browser, out of reach of scripts and of other sites. */
export function sessionCookie({
  token,
  expiresAt,
  secure,
}: {
  token: string
  expiresAt: number
  secure: boolean
}): string {
  return fastifyCookie.serialize(cookieName, token, { ...cookieOptions, secure, expires: new Date(expiresAt) })
}

/** The `Set-Cookie` header that removes it. */
export function noSessionCookie(secure: boolean): string {
  return fastifyCookie.serialize(cookieName, '', { ...cookieOptions, secure, expires: new Date(0) })
}

const cookieOptions = { httpOnly: true, sameSite: 'strict', path: '/' } as const
