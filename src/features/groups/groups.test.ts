import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anAdmin, aSession, aUser } from '../../../test/builders/auth.ts'
import { aServer, call, type TestServer } from '../../../test/builders/server.ts'
import { createGroups } from './groups.service.ts'
import { createGroupStore } from './groups.store.ts'

let app: TestServer
let admin: string
let viewer: string
beforeAll(async () => {
  app = await aServer()
  admin = (await anAdmin(app, { username: 'admin' })).token
  viewer = (await aSession(app)).token
})
afterAll(() => app.close())

const create = (name: unknown) => call(app, 'POST /groups', { token: admin, body: { name } })

it.each(['GET /groups', 'POST /groups', 'GET /groups/x', 'DELETE /groups/x'] as const)(
  '%s: administrators only',
  async (line) => {
    const body = line.startsWith('POST') ? { name: 'x' } : undefined
    expect((await call(app, line, { body })).status).toBe(401)
    expect((await call(app, line, { body, token: viewer })).body).toMatchObject({ status: 403, code: 'forbidden' })
  },
)

it('a crash between the two steps of a removal leaves a group that can be removed again', async () => {
  const store = createGroupStore(app.store)
  const crashing = { ...store, remove: async () => Promise.reject(new Error('killed')) }
  const { membersOf, removeGroup } = app.userStore
  const groups = createGroups({ groups: crashing, membersOf, removeFromUsers: removeGroup, clock: app.clock })
  await groups.create(null, 'Halfway')
  const { username } = await aUser(app, { groups: ['Halfway'] })
  await expect(groups.remove('Halfway')).rejects.toThrow('killed')
  expect((await app.users.get(username)).user.groups).toEqual([])
  expect((await call(app, 'DELETE /groups/Halfway', { token: admin })).status).toBe(200)
})

describe('a group', () => {
  it('is made, listed, and shown with its members', async () => {
    const made = await create(' Île-de-France ')
    expect(made.status).toBe(201)
    expect(made.headers.location).toBe('/groups/%C3%8Ele-de-France')
    expect(made.body).toEqual({
      name: 'Île-de-France',
      created_at: new Date(app.clock.now()).toISOString(),
      created_by: 'admin',
    })
    await aUser(app, { username: 'Zoe', groups: ['Île-de-France'] })
    await aUser(app, { username: 'adam', groups: ['Île-de-France'] })
    const list = await call(app, 'GET /groups', { token: admin })
    expect(list.body).toEqual([made.body])
    const one = await call(app, `GET ${String(made.headers.location) as '/'}`, { token: admin })
    expect(one.body).toEqual({ ...made.body, members: ['adam', 'Zoe'] })
  })

  it('is unique without regard to case', async () => {
    await create('Sales')
    expect((await create('SALES')).body).toMatchObject({ status: 409, code: 'conflict' })
  })

  it.each([[''], ['  '], ['a\u0007'], ['x'.repeat(255)], [null], [{ $ne: 1 }]])('cannot be called %j', async (name) => {
    expect((await create(name)).body).toMatchObject({
      status: 400,
      code: 'invalid_request',
      errors: [{ path: '/name' }],
    })
  })

  it('goes away from its members too, with effect at their next request', async () => {
    await create('Temps')
    await create('Kept')
    const member = await aSession(app, { groups: ['Temps', 'Kept'] })
    expect((await call(app, 'DELETE /groups/temps', { token: admin })).status).toBe(200)
    expect((await call(app, 'GET /me', { token: member.token })).body.groups).toEqual(['Kept'])
    expect((await call(app, 'GET /groups/Temps', { token: admin })).status).toBe(404)
    expect((await call(app, 'DELETE /groups/Temps', { token: admin })).body).toMatchObject({
      status: 404,
      code: 'not_found',
    })
    await create('Temps')
    expect((await call(app, 'GET /groups/Temps', { token: admin })).body.members).toEqual([])
  })
})
