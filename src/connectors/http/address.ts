import { Problem } from '../../base/index.ts'
import type { HttpSource } from './resolve.ts'

/** The address of a request below the base route. Errors: `pipeline_invalid` for a path that leads out of it. */
export function addressOf(baseroute: string, { path, params }: Pick<HttpSource, 'path' | 'params'>): URL {
  const base = new URL(baseroute)
  const [before = '', ...rest] = path.split('?')
  if (/[\\#\s]|%2f|%5c|%2e/i.test(before) || /#/.test(path)) throw outside()
  const root = base.pathname.replace(/\/$/, '')
  const below = before.replace(/^\//, '')
  // Joined as texts: nothing in a path can name another server.
  const url = new URL(`${base.origin}${below === '' ? root || '/' : `${root}/${below}`}`)
  if (url.origin !== base.origin || !`${url.pathname}/`.startsWith(`${root}/`)) throw outside()
  url.search = rest.join('?')
  for (const [name, values] of Object.entries(params)) {
    url.searchParams.delete(name)
    for (const value of values) url.searchParams.append(name, value)
  }
  return url
}

function outside(): Problem {
  return new Problem('pipeline_invalid', 'The address of a request stays below the base route of its connection.')
}
