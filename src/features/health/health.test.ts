import { afterAll, beforeAll, expect, it } from 'vitest'
import { aServer, call, type TestServer } from '../../../test/builders/server.ts'

let app: TestServer
let storeWorks = true
beforeAll(async () => {
  const check = async () => {
    if (!storeWorks) throw new Error('disk /secret/place is full')
  }
  app = await aServer({
    checks: [
      { name: 'bus', check: async () => {} },
      { name: 'store', check },
    ],
  })
})
afterAll(() => app.close())

it('says that it is alive without asking anything', async () => {
  storeWorks = false
  const answer = await call(app, 'GET /health/live')
  expect([answer.status, answer.body]).toEqual([200, { status: 'ok' }])
})

it('is ready while every part works, and says which does not, but not why', async () => {
  storeWorks = true
  expect((await call(app, 'GET /health/ready')).body).toEqual({ status: 'ok' })
  storeWorks = false
  const answer = await call(app, 'GET /health/ready')
  expect(answer.body).toMatchObject({ status: 503, code: 'not_ready', errors: [{ path: 'store' }] })
  expect(answer.headers['retry-after']).toBe('5')
  expect(answer.text).not.toContain('secret')
  expect(app.lines.some(({ level, fields }) => level === 'warn' && String(fields.err).includes('/secret/place'))).toBe(
    true,
  )
})

it('counts a part that does not answer as one that does not work', async () => {
  const stuck = await aServer({ checks: [{ name: 'rows', check: () => new Promise(() => {}) }] })
  try {
    expect((await call(stuck, 'GET /health/ready')).body).toMatchObject({ status: 503, errors: [{ path: 'rows' }] })
  } finally {
    await stuck.close()
  }
})
