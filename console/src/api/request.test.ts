import { describe, expect, it, vi } from 'vitest'
import { createRequest, type Fetch } from './request.ts'

const problem = (body: object, init: ResponseInit) =>
  new Response(JSON.stringify(body), {
    ...init,
    headers: { 'content-type': 'application/problem+json', ...init.headers },
  })

function setUp(answer: Fetch) {
  const fetch = vi.fn(answer)
  const onUnauthenticated = vi.fn()
  return { fetch, onUnauthenticated, request: createRequest(fetch, onUnauthenticated) }
}

describe('a request', () => {
  it('carries the cookie and the header of the page, and a body as JSON', async () => {
    const { fetch, request } = setUp(async () => Response.json({ ok: 1 }))
    const outcome = await request('/demo/data', { method: 'POST', body: { a: 'ü' } })
    expect(outcome).toMatchObject({ kind: 'done', value: { ok: 1 } })
    expect(fetch).toHaveBeenCalledWith('/demo/data', {
      method: 'POST',
      credentials: 'same-origin',
      headers: { accept: 'application/json', 'content-type': 'application/json', 'x-laputa-request': '1' },
      body: '{"a":"ü"}',
    })
  })

  it('sends no content type without a body', async () => {
    const { fetch, request } = setUp(async () => Response.json({}))
    await request('/logout', { method: 'POST' })
    expect(fetch.mock.calls[0]?.[1].headers).not.toHaveProperty('content-type')
  })

  it('reads a problem document, with the time to wait', async () => {
    const body = {
      title: 'Too many attempts',
      code: 'throttled',
      detail: 'Wait.',
      requestId: 'r-1',
      errors: [{ path: '/a', message: 'wrong' }, 'not an item'],
    }
    const { request } = setUp(async () => problem(body, { status: 429, headers: { 'retry-after': '42' } }))
    expect(await request('/login')).toEqual({
      kind: 'failed',
      problem: { ...body, status: 429, errors: [{ path: '/a', message: 'wrong' }], retryAfter: 42 },
    })
  })

  it.each([
    ['a page of a proxy', () => new Response('<html>Bad gateway</html>', { status: 502 })],
    ['nothing', () => new Response(null, { status: 502 })],
    ['JSON that is no object', () => Response.json(null, { status: 502 })],
    ['fields of other types', () => Response.json({ title: 7, detail: '', requestId: {} }, { status: 502 })],
  ])('makes a problem of %s', async (_what, answer) => {
    const { request } = setUp(async () => answer())
    expect(await request('/me')).toMatchObject({
      kind: 'failed',
      problem: { title: 'The server answered 502', code: 'http_502', detail: 'It gave no reason.', requestId: null },
    })
  })

  it.each([
    ['no connection', async () => Promise.reject(new TypeError('fetch failed'))],
    ['an answer that is not JSON', async () => new Response('<html>', { status: 200 })],
  ])('says that the server does not answer: %s', async (_what, answer) => {
    const { request } = setUp(answer)
    expect(await request('/me')).toMatchObject({ kind: 'failed', problem: { code: 'unreachable', status: 0 } })
  })

  it('reports the end of the session, but not a wrong password', async () => {
    const ended = setUp(async () => problem({ code: 'unauthenticated' }, { status: 401 }))
    await ended.request('/me')
    expect(ended.onUnauthenticated).toHaveBeenCalledOnce()
    const wrong = setUp(async () => problem({ code: 'login_failed' }, { status: 401 }))
    await wrong.request('/login')
    expect(wrong.onUnauthenticated).not.toHaveBeenCalled()
  })

  it('shows nothing of what it gave up itself, whether it failed or was answered', async () => {
    const controller = new AbortController()
    const { request, onUnauthenticated } = setUp(async () => {
      controller.abort()
      return problem({ code: 'unauthenticated' }, { status: 401 })
    })
    expect(await request('/me', { signal: controller.signal })).toEqual({ kind: 'aborted' })
    expect(onUnauthenticated).not.toHaveBeenCalled()
  })
})
