import { isObject, type Json, Problem } from '../../base/index.ts'
import type { HttpAnswer } from './request.ts'
import type { HttpConfig } from './schema.ts'

const excerptLength = 200

/** The JSON in an answer. Errors: `source_failed` with the status, or for what is no JSON. */
export function readJson({ status, text, contentType, retryAfter }: HttpAnswer, config: HttpConfig): Json {
  if (status < 200 || status > 299) {
    const detail = `The source answered with status ${status}${excerptOf(text, contentType, config)}`
    throw new Problem('source_failed', detail, retryAfter === undefined ? {} : { retryAfter })
  }
  if (text.trim() === '') return []
  try {
    return isLines(contentType) ? parseLines(text) : (JSON.parse(text) as Json)
  } catch {
    throw new Problem('source_failed', `The answer of the source is not JSON${kindOf(contentType)}.`)
  }
}

/** One value a line. */
function isLines(contentType: string): boolean {
  return /^application\/(?:x-)?(?:ndjson|jsonl|json-lines|jsonlines)$/.test(contentType)
}

function parseLines(text: string): Json {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return lines.map((line) => JSON.parse(line) as Json)
}

function kindOf(contentType: string): string {
  return /^[\w.+-]+\/[\w.+-]+$/.test(contentType) ? ` but ${contentType}` : ''
}

/** What the source said, without markup, and without what it may repeat of the secrets that it was sent. */
function excerptOf(text: string, contentType: string, config: HttpConfig): string {
  if (/html|xml/.test(contentType)) return '.'
  const shown = withoutSecrets(text.slice(0, 10_000), config)
  const excerpt = [...shown].map((char) => (char < ' ' || char === '\u007f' ? ' ' : char)).join('')
  const short = excerpt.replace(/ +/g, ' ').trim().slice(0, excerptLength)
  return short === '' ? '.' : `: ${short}`
}

function withoutSecrets(text: string, config: HttpConfig): string {
  const { username = '', password, token, headers } = config
  const basic = Buffer.from(`${username}:${password ?? ''}`).toString('base64')
  const secrets = [password, token, password === undefined ? undefined : basic, ...Object.values(headers)]
  const written = secrets
    .filter((secret): secret is string => secret !== undefined && secret !== '')
    .flatMap((secret) => [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)])
  return written.reduce((shown, secret) => shown.replaceAll(secret, '***'), text)
}

/** A list is the rows; an object whose members are lists of one length is a table by columns; anything else is one row. */
export function rowsOf(outputs: readonly Json[]): readonly Json[] {
  const [only] = outputs
  if (outputs.length !== 1 || only === undefined) return outputs
  if (Array.isArray(only)) return only
  if (!isObject(only)) return outputs
  const entries = Object.entries(only as { [name: string]: Json })
  const lists = entries.map(([, list]) => list).filter((list): list is Json[] => Array.isArray(list))
  const [first] = lists
  if (!first || lists.length !== entries.length || lists.some(({ length }) => length !== first.length)) return outputs
  return first.map((_, index) =>
    Object.fromEntries(entries.map(([name], at) => [name, lists[at]?.[index] ?? null] as const)),
  )
}
