import type { IncomingMessage } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { anHttpSource, type HttpSource } from '../../../test/builders/http-source.ts'
import { problemOf } from '../../../test/builders/problem-of.ts'
import type { JsonObject } from '../../base/index.ts'

describe('pages of HTTP sources', () => {
  let api: HttpSource
  beforeAll(async () => {
    api = await anHttpSource()
  })
  afterEach(() => api.reset())
  afterAll(() => api.close())

  describe('pages', () => {
    const items = Array.from({ length: 25 }, (_, n) => ({ n }))
    const paramsOf = (request: IncomingMessage) => new URL(request.url ?? '', api.base).searchParams
    const numbers = async (query: JsonObject) => (await api.read(query)).rows.map(([n]) => n)
    const all = items.map(({ n }) => n)

    it('by offset and limit', async () => {
      api.handler = (request, response) => {
        const from = Number(paramsOf(request).get('from'))
        response.end(JSON.stringify({ list: items.slice(from, from + Number(paramsOf(request).get('limit'))) }))
      }
      const config = { kind: 'OffsetLimitPaginationConfig', limit: 10, offset_name: 'from', data_filter: '.list' }
      expect(await numbers({ filter: '.list', http_pagination_config: config })).toEqual(all)
      expect(api.asked).toHaveLength(3)
      expect(api.asked[2]).toBe('GET /api?from=20&limit=10')
    })

    it('by number, until one is short, empty, the last or not found', async () => {
      api.handler = (request, response) => {
        const from = Number(paramsOf(request).get('page')) * 5
        if (from > 20 && paramsOf(request).get('kind') === '404') response.writeHead(404)
        response.end(JSON.stringify({ last: 4, list: items.slice(from, from + 5) }))
      }
      const config = { kind: 'PageBasedPaginationConfig' }
      expect(await numbers({ filter: '.list', http_pagination_config: config })).toEqual(all)
      expect(api.asked).toHaveLength(6)
      const most = { ...config, max_page_filter: '.last' }
      expect(await numbers({ filter: '.list', http_pagination_config: most })).toEqual(all)
      expect(api.asked).toHaveLength(11)
      const raising = { ...config, can_raise_not_found: true }
      expect(await numbers({ params: { kind: '404' }, filter: '.list', http_pagination_config: raising })).toEqual(all)
      const sized = { ...config, per_page: 6, per_page_name: 'size' }
      expect(await numbers({ filter: '.list', http_pagination_config: sized })).toEqual(all.slice(0, 5))
    })

    it('by cursor', async () => {
      api.handler = (request, response) => {
        const from = Number(paramsOf(request).get('after') ?? 0)
        response.end(JSON.stringify({ list: items.slice(from, from + 10), next: from + 10 < 25 ? from + 10 : null }))
      }
      const config = { kind: 'CursorBasedPaginationConfig', cursor_name: 'after', cursor_filter: '.next' }
      expect(await numbers({ filter: '.list', http_pagination_config: config })).toEqual(all)
    })

    it('by links, whose own parameters count', async () => {
      api.handler = (request, response) => {
        const page = Number(paramsOf(request).get('page') ?? 0)
        const next = page < 2 ? `/api/list?page=${page + 1}` : null
        response.end(JSON.stringify({ list: items.slice(page * 10, page * 10 + 10), next }))
      }
      const config = { kind: 'HyperMediaPaginationConfig', next_link_filter: '.next' }
      expect(
        await numbers({ url: '/list', params: { page: 0 }, filter: '.list', http_pagination_config: config }),
      ).toEqual(all)
    })

    it('never go round in circles, and never away from the base route', async () => {
      const link = (next: unknown) => {
        api.answerWith({ next })
        const config = { kind: 'HyperMediaPaginationConfig', next_link_filter: '.next' }
        return problemOf(api.read({ http_pagination_config: config }))
      }
      expect((await link('/api')).message).toContain('again')
      for (const away of ['/other', 'http://evil.test/api', '//evil.test/api', 'file:///etc/passwd', '/api/../x']) {
        expect((await link(away)).message, away).toContain('away')
      }
      expect((await link(['/api'])).code).toBe('query_failed')
      const cursor = { kind: 'CursorBasedPaginationConfig', cursor_filter: '.next' }
      api.answerWith({ next: 'same' })
      expect((await problemOf(api.read({ http_pagination_config: cursor }))).message).toContain('again')
    })
  })
})
