import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Problem } from '../base/index.ts'
import { mayRecall } from './route.ts'

/** Deeper than any pipeline or condition; what walks a body by recursion stays far from the end of the stack. */
const deepest = 100

const utf8 = new TextDecoder('utf-8', { fatal: true })

const jsonType = /^application\/(?:[\w.-]+\+)?json(?:;|$)/

/** The only bodies are JSON (and multipart on upload routes, added where those are registered). */
export function acceptJsonBodies(server: FastifyInstance): void {
  server.removeAllContentTypeParsers()
  server.addContentTypeParser(jsonType, { parseAs: 'buffer' }, (request, body, done) => {
    // Where a request may be recalled, it is for the handler to parse it.
    done(null, mayRecall(request.route) ? body : parseJson(body as Buffer))
  })
  server.addContentTypeParser('*', refuseOther)
}

/** `curl -X POST` and some clients name a content type for a body that is empty. */
async function refuseOther({ headers }: FastifyRequest): Promise<undefined> {
  if (headers['content-length'] === '0') return undefined
  const type = headers['content-type']
  const found = type === undefined ? 'has no content type' : `is "${type.slice(0, 100)}"`
  throw new Problem('unsupported_media_type', `The body ${found}; send "application/json".`)
}

/** Errors: `malformed_json` with its position where the parser tells it; `invalid_request` for keys and depths that only attacks have. */
export function parseJson(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined
  const value = readJson(decode(bytes))
  refuseUnsafe(value, '', 0)
  return value
}

function decode(bytes: Buffer): string {
  try {
    return utf8.decode(bytes)
  } catch (cause) {
    throw new Problem('malformed_json', 'The body is not UTF-8 text.', { cause })
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const position = positionIn(cause instanceof Error ? cause.message : '', text)
    if (position === undefined) throw new Problem('malformed_json', 'The body is not JSON.', { cause })
    const before = text.slice(0, position)
    const line = before.split('\n').length
    const column = position - before.lastIndexOf('\n')
    const detail = `The body stops being JSON at line ${line}, column ${column}.`
    throw new Problem('malformed_json', detail, { errors: [{ path: '', message: detail, position, line }], cause })
  }
}

/** V8 names the offset in most of its messages; at the end of the text it says so in words. */
function positionIn(message: string, text: string): number | undefined {
  const named = / at position (\d+)/.exec(message)?.[1]
  if (named !== undefined) return Number(named)
  return message.includes('end of JSON input') ? text.length : undefined
}

function refuseUnsafe(value: unknown, path: string, depth: number): void {
  if (typeof value !== 'object' || value === null) return
  if (depth >= deepest) throw refusal(path.slice(0, 200), `The body is nested deeper than ${deepest} levels.`)
  if (Array.isArray(value)) {
    // Rows of numbers and texts need no visit.
    for (let i = 0; i < value.length; i++)
      if (typeof value[i] === 'object') refuseUnsafe(value[i], `${path}/${i}`, depth + 1)
    return
  }
  for (const [key, member] of Object.entries(value)) {
    if (key === '__proto__' || (key === 'constructor' && hasPrototype(member))) {
      throw refusal(`${path}/${key}`, `The key "${key}" is not allowed.`)
    }
    if (typeof member === 'object') refuseUnsafe(member, `${path}/${key}`, depth + 1)
  }
}

function hasPrototype(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'prototype')
}

function refusal(path: string, message: string): Problem {
  return new Problem('invalid_request', message, { errors: [{ path, message }] })
}
