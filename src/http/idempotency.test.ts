import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { aSession } from '../../test/builders/auth.ts'
import { aServer, type CallOptions, call, type TestServer } from '../../test/builders/server.ts'
import { Problem } from '../base/index.ts'
import { instanceRoute } from './index.ts'

let app: TestServer
let token: string
let runs = 0
let open: () => void = () => {}

beforeAll(async () => {
  app = await aServer({
    routes: () => [
      instanceRoute({
        method: 'POST',
        url: '/things/:kind',
        action: 'session.read',
        summary: 'Make a thing',
        params: z.strictObject({ kind: z.string() }),
        body: z.record(z.string(), z.unknown()),
        response: z.strictObject({ run: z.number() }),
        async handle(_ctx, { params: { kind } }) {
          runs++
          if (kind === 'failing') throw new Problem('conflict', 'Not this time.')
          if (kind === 'slow')
            await new Promise<void>((resolve) => {
              open = resolve
            })
          if (kind === 'empty') return { status: 204, body: null }
          return { status: 201, headers: { location: `/things/${runs}`, etag: '"1"' }, body: { run: runs } }
        },
      }),
    ],
  })
  token = (await aSession(app)).token
})
afterAll(() => app.close())

const make = (key: string | undefined, { kind = 'plain', body = { a: 1, b: 2 } as unknown, as = token } = {}) => {
  const options: CallOptions = { token: as, body, ...(key !== undefined && { headers: { 'idempotency-key': key } }) }
  return call(app, `POST /things/${kind}`, options)
}

it('a repeated request gets the first answer and does nothing', async () => {
  const first = await make('k-1')
  const again = await make('k-1', { body: { b: 2, a: 1 } })
  expect(first.headers['idempotent-replayed']).toBeUndefined()
  expect([again.status, again.text, again.headers.location, again.headers.etag]).toEqual([
    201,
    first.text,
    first.headers.location,
    '"1"',
  ])
  expect([again.headers['idempotent-replayed'], again.headers['content-type']]).toEqual([
    'true',
    'application/json; charset=utf-8',
  ])
})

it('an answer without a body is repeated too', async () => {
  await make('k-empty', { kind: 'empty' })
  const before = runs
  const again = await make('k-empty', { kind: 'empty' })
  expect([again.status, again.text, again.headers['idempotent-replayed'], runs]).toEqual([204, '', 'true', before])
})

it('without a key each request counts', async () => {
  expect((await make(undefined)).body.run).not.toBe((await make(undefined)).body.run)
})

it('a key with another body is a conflict', async () => {
  await make('k-2')
  expect((await make('k-2', { body: { a: 1 } })).body).toMatchObject({ status: 409, code: 'conflict' })
})

it('a key belongs to one person and one address', async () => {
  const { token: other } = await aSession(app)
  const mine = await make('k-3')
  const theirs = await make('k-3', { as: other })
  const elsewhere = await make('k-3', { kind: 'other' })
  expect(new Set([mine.body.run, theirs.body.run, elsewhere.body.run]).size).toBe(3)
  expect([theirs, elsewhere].map(({ headers }) => headers['idempotent-replayed'])).toEqual([undefined, undefined])
})

it('a failure is not kept', async () => {
  const before = runs
  expect((await make('k-4', { kind: 'failing' })).status).toBe(409)
  expect((await make('k-4', { kind: 'failing' })).body.detail).toBe('Not this time.')
  expect(runs).toBe(before + 2)
})

it('a second request waits for nobody while the first still runs', async () => {
  const before = runs
  const first = make('k-5', { kind: 'slow' })
  while (runs === before) await new Promise((resolve) => setTimeout(resolve, 1))
  const second = await make('k-5', { kind: 'slow' })
  expect([second.status, second.body.code, second.headers['retry-after']]).toEqual([409, 'conflict', '1'])
  open()
  expect((await first).status).toBe(201)
  expect((await make('k-5', { kind: 'slow' })).headers['idempotent-replayed']).toBe('true')
  expect(runs).toBe(before + 1)
})

it.each(['', ' ', 'x'.repeat(256), 'é', 'a b'])('"%s" is no key', async (key) => {
  expect((await make(key)).body).toMatchObject({ status: 400, code: 'invalid_request' })
})
