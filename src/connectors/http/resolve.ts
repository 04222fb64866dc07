import { isObject, type Json, type JsonObject, Problem } from '../../base/index.ts'
import { compileTemplate, isTemplate, scanTemplate, type TemplateValue } from '../../pipeline/index.ts'
import type { HttpQuery, Pagination } from './schema.ts'

/** A request with its variables filled in. `path` is relative to the base route and may have a query. */
export type HttpSource = {
  readonly path: string
  readonly method: 'GET' | 'POST'
  readonly params: { readonly [name: string]: readonly string[] }
  readonly headers: { readonly [name: string]: string }
  readonly json?: Json
  readonly filter: string
  readonly pagination: Pagination | null
}

/**
 * Fills in the variables, typed where they stand alone. A value never changes which server or path is asked, and adds neither parameters nor
 * headers. Errors: `pipeline_invalid` naming an undefined variable, or the place where a value does not fit.
 */
export function resolveRequest(query: HttpQuery, variables: JsonObject): HttpSource {
  const params = Object.entries(query.params ?? {}).map(([name, value]) => {
    return [name, textsOf(render(value, variables), `the parameter "${name}"`)] as const
  })
  const headers = Object.entries(query.headers ?? {}).map(([name, value]) => {
    return [name, headerText(render(value, variables), name)] as const
  })
  return {
    path: renderPath(query.url, variables),
    method: query.method,
    params: Object.fromEntries(params),
    headers: Object.fromEntries(headers),
    ...(query.json === undefined ? {} : { json: asJson(render(query.json, variables)) }),
    filter: query.filter,
    pagination: query.http_pagination_config ?? null,
  }
}

function renderPath(text: string, variables: JsonObject): string {
  const { segments, unclosed } = scanTemplate(text)
  const block = segments.find(({ kind }) => kind !== 'expression')?.start ?? unclosed
  if (block !== undefined) throw invalid('In an address only {{ name }} is filled in.', block)
  let path = ''
  let position = 0
  for (const { start, end } of segments) {
    const value = filledIn(text.slice(start, end), variables)
    path += text.slice(position, start) + encodeURIComponent(pathText(value, start))
    position = end
  }
  return path + text.slice(position)
}

/** Not every server takes an encoded slash for a letter. */
function pathText(value: TemplateValue, position: number): string {
  const text = scalarText(value)
  if (text === undefined || text === '')
    throw invalid('A value in an address is a single one, and not empty.', position)
  if (/[/\\]|^\.{1,2}$/.test(text) || hasControls(text) || !text.isWellFormed()) {
    throw invalid('A value in an address has no slashes, no control characters and is not made of dots.', position)
  }
  return text
}

function headerText(value: TemplateValue, name: string): string {
  const text = scalarText(value)
  if (text === undefined) throw invalid(`The header "${name}" has no single value.`)
  if (hasControls(text) || /[^\t -~\u0080-\u00ff]/.test(text)) {
    throw invalid(`The header "${name}" has a value with characters that no header can have.`)
  }
  return text
}

/** Null is no parameter at all, a list is one parameter after the other. */
function textsOf(value: TemplateValue, place: string): string[] {
  const items: readonly TemplateValue[] = Array.isArray(value) ? value : [value]
  return items.flatMap((item) => {
    if (item === null) return []
    const text = scalarText(item)
    if (text === undefined) throw invalid(`A value in ${place} is a single one, or a list of such.`)
    return [text]
  })
}

function scalarText(value: TemplateValue): string | undefined {
  if (value instanceof Date) return value.toISOString()
  return typeof value === 'object' ? undefined : String(value)
}

/** The same value with its texts rendered. A text that gives a list inside of a list makes way for the items. */
function render(value: Json, variables: JsonObject): TemplateValue {
  if (typeof value === 'string') return isTemplate(value) ? filledIn(value, variables) : value
  if (Array.isArray(value)) {
    return value.flatMap((item: Json) => {
      const rendered = render(item, variables)
      return typeof item === 'string' && Array.isArray(rendered) ? rendered : [rendered]
    })
  }
  if (!isObject(value)) return value as null | boolean | number
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, render(member as Json, variables)]))
}

function filledIn(template: string, variables: JsonObject): TemplateValue {
  const rendered = compileTemplate(template).render(variables)
  if ('value' in rendered) return rendered.value
  throw invalid(`The variable "${rendered.undefinedName}" is not defined.`)
}

/** As it will be sent: dates as ISO 8601, integers that JSON readers would round as texts. */
function asJson(value: TemplateValue): Json {
  if (value instanceof Date) return value.toISOString()
  if (typeof value === 'bigint') return String(value)
  if (Array.isArray(value)) return value.map(asJson)
  if (typeof value !== 'object' || value === null) return value as null | boolean | number | string
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, asJson(member)]))
}

function hasControls(text: string): boolean {
  return [...text].some((char) => char < ' ' || char === '\u007f')
}

function invalid(message: string, position?: number): Problem {
  return new Problem('pipeline_invalid', message, {
    errors: [{ path: '', message, ...(position === undefined ? {} : { position }) }],
  })
}
