import { Readable } from 'node:stream'
import { z } from 'zod'
import { Problem } from '../../src/base/index.ts'
import { appRoute, instanceRoute, publicRoute, type Route } from '../../src/http/index.ts'

const anything = z.record(z.string(), z.unknown())
const nested = z.strictObject({
  domain: z.string(),
  filter: z
    .union([z.strictObject({ column: z.string(), value: z.number() }), z.strictObject({ and: z.array(z.string()) })])
    .optional(),
  'a/b~c': z.number().optional(),
})

/** Routes that show what the server does with any route: bodies, answers, faults. */
export const trialRoutes: readonly Route[] = [
  appRoute({
    method: 'GET',
    url: '/echo/:name',
    action: 'data.read',
    summary: 'Echo',
    params: z.strictObject({ app: z.string(), name: z.string() }),
    query: z.strictObject({ n: z.coerce.number().int().optional() }),
    response: anything,
    async handle({ app, stage, principal }, { params, query }) {
      return { body: { app, stage, username: principal.username, name: params.name, n: query.n ?? null } }
    },
  }),
  appRoute({
    method: 'POST',
    url: '/deep',
    action: 'data.read',
    summary: 'Takes a body',
    body: nested,
    response: anything,
    handle: async (_ctx, { body }) => ({ body: { ...body } }),
  }),
  appRoute({
    method: 'POST',
    url: '/start',
    action: 'domains.write',
    summary: 'No body',
    response: anything,
    handle: async () => ({ body: {} }),
  }),
  instanceRoute({
    method: 'GET',
    url: '/tagged',
    action: 'session.read',
    summary: 'Has a tag',
    handle: async () => ({
      headers: { etag: '"abc"', 'cache-control': 'private, no-cache' },
      body: Buffer.from('[1]'),
    }),
  }),
  instanceRoute({
    method: 'GET',
    url: '/compressed/:how',
    action: 'session.read',
    summary: 'Has compressed forms',
    params: z.strictObject({ how: z.string() }),
    async handle(_ctx, { params: { how } }) {
      return {
        headers: { etag: '"abc"', ...(how === 'vary' && { vary: 'Cookie' }) },
        body: Buffer.from('plain'),
        compressed: async (coding) => {
          if (how === 'broken') throw new RangeError('planted')
          return Buffer.from(`as ${coding}`)
        },
      }
    },
  }),
  instanceRoute({
    method: 'POST',
    url: '/broken/:how',
    action: 'session.read',
    summary: 'Fails in different ways',
    params: z.strictObject({ how: z.string() }),
    response: z.strictObject({ ok: z.literal(true) }),
    async handle(_ctx, { params: { how } }) {
      if (how === 'error') throw new Error('secret detail: postgres://user:pw@host')
      if (how === 'text') throw 'a text'
      if (how === 'internal') throw new Problem('internal', 'secret detail')
      if (how === 'answer') return { body: { ok: 'secret' as never } }
      if (how === 'empty') return { body: null }
      if (how === 'wait') throw new Problem('overloaded', 'Later.', { retryAfter: 7 })
      return { body: Readable.from(['{"ok"', ':true}']), headers: { 'content-type': 'application/json' } }
    },
  }),
  instanceRoute({
    method: 'GET',
    url: '/unshaped',
    action: 'session.read',
    summary: 'x',
    handle: async () => ({ body: { a: 1 } as unknown }),
  }),
  instanceRoute({
    method: 'GET',
    url: '/word',
    action: 'session.read',
    summary: 'x',
    response: z.string(),
    handle: async () => ({ body: 'a "word"' }),
  }),
  publicRoute({
    method: 'POST',
    url: '/open',
    summary: 'Public',
    body: z.strictObject({ a: z.number() }).nullish(),
    response: anything,
    handle: async ({ address, requestId }, { body, secure }) => ({
      body: { address, requestId, secure, got: body ?? null },
    }),
  }),
]
