import { type Json, Problem } from '../../base/index.ts'
import { addressOf } from './address.ts'
import { readJson, rowsOf } from './answer.ts'
import type { Jq } from './jq.ts'
import type { HttpAnswer, Send } from './request.ts'
import type { HttpSource } from './resolve.ts'
import type { HttpConfig, Pagination } from './schema.ts'

/** More pages are a mistake, or too many rows. */
const mostPages = 1000

export interface PagesDeps {
  readonly config: HttpConfig
  readonly send: Send
  readonly jq: Jq
  readonly headers: { readonly [name: string]: string }
}

/** What one page of a source answered. */
interface Page {
  readonly url: URL
  readonly body: Json
  readonly rows: readonly Json[]
}

/** The rows of all pages, page by page. Errors: those of sending and of the filters, `source_failed` for pages that never end. */
export async function* readPages(
  { config, send, jq, headers }: PagesDeps,
  source: HttpSource,
  signal: AbortSignal,
): AsyncGenerator<readonly Json[], void, undefined> {
  const body = source.json === undefined ? {} : { body: JSON.stringify(source.json) }
  const filter = (program: string, input: Json) => jq.run(program, input, signal)
  const seen = new Set<string>()
  let url: URL | undefined = firstUrl(config, source)
  for (let count = 0; url; count++) {
    if (count === mostPages) throw new Problem('too_many_rows', `The source has more than ${mostPages} pages.`)
    if (seen.has(url.href)) throw new Problem('source_failed', 'The source gives the same page as the next one again.')
    seen.add(url.href)
    const { method } = source
    const answer = await send({ url, method, headers: { ...headers, ...source.headers }, ...body }, signal)
    if (isEnd(answer, source.pagination)) return
    const json = readJson(answer)
    const rows = rowsOf(await filter(source.filter, json))
    yield rows
    url = await nextUrl({ url, body: json, rows }, source.pagination, { filter, config, page: count })
  }
}

function firstUrl({ baseroute }: HttpConfig, source: HttpSource): URL {
  const url = addressOf(baseroute, source)
  const { pagination } = source
  if (pagination?.kind === 'OffsetLimitPaginationConfig') {
    url.searchParams.set(pagination.offset_name, String(pagination.offset))
    url.searchParams.set(pagination.limit_name, String(pagination.limit))
  }
  if (pagination?.kind === 'PageBasedPaginationConfig') {
    url.searchParams.set(pagination.page_name, String(pagination.page))
    if (pagination.per_page_name && pagination.per_page) {
      url.searchParams.set(pagination.per_page_name, String(pagination.per_page))
    }
  }
  if (pagination?.kind === 'CursorBasedPaginationConfig' && pagination.cursor) {
    url.searchParams.set(pagination.cursor_name, pagination.cursor)
  }
  return url
}

/** Some APIs have no other way to say that there is no such page. */
function isEnd({ status }: HttpAnswer, pagination: Pagination | null): boolean {
  return status === 404 && pagination?.kind === 'PageBasedPaginationConfig' && pagination.can_raise_not_found
}

interface Following {
  readonly filter: (program: string, input: Json) => Promise<readonly Json[]>
  readonly config: HttpConfig
  /** How many pages came before, from 0. */
  readonly page: number
}

async function nextUrl(page: Page, pagination: Pagination | null, following: Following): Promise<URL | undefined> {
  switch (pagination?.kind) {
    case undefined:
      return undefined
    case 'OffsetLimitPaginationConfig': {
      const list = rowsOf(await following.filter(pagination.data_filter, page.body))
      if (list.length < pagination.limit) return undefined
      return withParameter(
        page.url,
        pagination.offset_name,
        pagination.offset + (following.page + 1) * pagination.limit,
      )
    }
    case 'PageBasedPaginationConfig': {
      const next = pagination.page + following.page + 1
      const most = pagination.max_page_filter && scalarOf(await following.filter(pagination.max_page_filter, page.body))
      if (typeof most === 'string' && next > Number(most)) return undefined
      // A filter may drop rows, which says nothing about the page.
      const size = Array.isArray(page.body) ? page.body.length : page.rows.length
      if (size === 0 || size < (pagination.per_page ?? 0)) return undefined
      return withParameter(page.url, pagination.page_name, next)
    }
    case 'CursorBasedPaginationConfig': {
      const cursor = scalarOf(await following.filter(pagination.cursor_filter, page.body))
      return cursor === null ? undefined : withParameter(page.url, pagination.cursor_name, cursor)
    }
    case 'HyperMediaPaginationConfig': {
      const link = scalarOf(await following.filter(pagination.next_link_filter, page.body))
      return link === null ? undefined : linked(page.url, link, following.config)
    }
  }
}

function withParameter(url: URL, name: string, value: string | number): URL {
  const next = new URL(url)
  next.searchParams.set(name, String(value))
  return next
}

/** The link as it is: its own parameters are the ones that count. */
function linked(url: URL, link: string, { baseroute }: HttpConfig): URL {
  const next = URL.canParse(link, url.href) ? new URL(link, url) : undefined
  const base = new URL(baseroute)
  const root = base.pathname.replace(/\/$/, '')
  if (next?.origin !== base.origin || next.username || next.password || !`${next.pathname}/`.startsWith(`${root}/`)) {
    throw new Problem('source_failed', 'The link to the next page leads away from the base route of the connection.')
  }
  next.hash = ''
  return next
}

/** The one value that a filter for the next page gives; null when there is none, also for an empty text and `false`. */
function scalarOf(outputs: readonly Json[]): string | null {
  const [value = null] = outputs
  if (value === null || value === false || value === '') return null
  if (typeof value === 'object') {
    throw new Problem('query_failed', 'The filter for the next page gives a list or an object instead of one value.')
  }
  return String(value)
}
