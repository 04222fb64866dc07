import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { aSession } from '../../../test/builders/auth.ts'
import {
  aLiveServer,
  type Listener,
  type LiveOptions,
  type LiveServer,
  type Said,
} from '../../../test/builders/live.ts'
import { newId, Problem } from '../../base/index.ts'
import type { Bus } from '../../bus/index.ts'

const closers: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function aServerWith(options: LiveOptions = {}): Promise<LiveServer> {
  const app = await aLiveServer(options)
  closers.push(() => app.close())
  for (const id of ['shop', 'farm']) await app.catalog.createApp({ id, name: id, by: 'test' })
  return app
}

async function connected(app: LiveServer, fields: Parameters<typeof aSession>[1]): Promise<Listener> {
  const listener = await app.connect((await aSession(app, fields)).token)
  closers.push(() => listener.close())
  return listener
}

const submit = async (app: LiveServer, id: string | null, says: string[] = []) =>
  (
    await app.jobs.submit({
      job: 'talk',
      args: { says },
      app: id,
      stage: id === null ? null : 'staging',
      by: 'test',
      requestId: null,
    })
  ).id

const states = (heard: readonly Said[]) =>
  Object.fromEntries(heard.filter(({ operation }) => operation).map(({ operation }) => [operation.id, operation.state]))

const readies = (listener: Listener) => listener.heard.filter(({ type }) => type === 'ready').length

async function resume(listener: Listener, after: string): Promise<Said[]> {
  const [from, before] = [listener.heard.length, readies(listener)]
  listener.say({ type: 'resume', after })
  await listener.until(() => readies(listener) > before)
  return listener.heard.slice(from)
}

describe('a client that comes back', () => {
  it('is told how everything stands that has changed since, and where the stages are', async () => {
    const app = await aServerWith()
    const long = await submit(app, 'shop')
    await app.jobs.cancel(long)
    app.clock.advance(60_000)
    const last = newId(app.clock.now())
    app.clock.advance(10_000)
    const [mine, theirs, ofInstance] = [await submit(app, 'shop'), await submit(app, 'farm'), await submit(app, null)]
    await app.jobs.cancel(mine)
    const { staging } = await app.catalog.app('shop')
    const published = await app.catalog.publish('shop', {}, { by: 'test' })

    const builder = await connected(app, { privileges: { shop: ['contribute'] } })
    const told = await resume(builder, last)
    expect(states(told)).toEqual({ [mine]: 'cancelled' })
    expect(told.map(({ type, app: id, stage, release }) => [type, id, stage, release].filter(Boolean))).toEqual([
      ['operation.cancelled', 'shop', 'staging'],
      ['release.published', 'shop', 'staging', staging],
      ['release.published', 'shop', 'production', published.id],
      ['ready'],
    ])
    expect(told[0]).toMatchObject({
      at: new Date(app.clock.now()).toISOString(),
      operation: { job: 'talk', by: 'test' },
    })

    const viewer = await connected(app, { privileges: { shop: ['view'] } })
    expect((await resume(viewer, last)).map(({ release }) => release)).toEqual([published.id, undefined])
    const admin = await connected(app, { roles: ['ADMIN'] })
    expect(states(await resume(admin, last))).toEqual({
      [mine]: 'cancelled',
      [theirs]: 'queued',
      [ofInstance]: 'queued',
    })
    admin.say({ type: 'subscribe', app: 'farm' })
    expect(states(await resume(admin, last))).toEqual({ [theirs]: 'queued' })
    expect(Object.keys(states(await resume(admin, newId(app.clock.now() - 70_000))))).toEqual([theirs])
  })

  it('is told of no more than the last hour, and that there was more', async () => {
    const app = await aServerWith()
    const old = await submit(app, 'shop')
    const last = newId(app.clock.now())
    app.clock.advance(3_700_000)
    const newer = await submit(app, 'shop')
    const admin = await connected(app, { roles: ['ADMIN'] })
    const told = await resume(admin, last)
    expect(told[0]).toMatchObject({ type: 'resync', reason: 'too_old' })
    expect(states(told)).toEqual({ [newer]: 'queued' })
    expect(states(told)).not.toHaveProperty(old)
    expect(await resume(admin, newId(app.clock.now() + 999_999_999))).not.toContainEqual(
      expect.objectContaining({ type: 'resync' }),
    )
  })

  it('is told all of it, however much that is', async () => {
    const app = await aServerWith()
    const last = newId(app.clock.now())
    const ids = await Promise.all(Array.from({ length: 350 }, (_, n) => submit(app, n % 2 ? 'shop' : null)))
    const admin = await connected(app, { roles: ['ADMIN'] })
    expect(Object.keys(states(await resume(admin, last))).sort()).toEqual(ids.sort())
  })
})

describe('a client that is slow', () => {
  it('is told what it has missed once it takes more, and misses nothing', async () => {
    const app = await aServerWith({ buffer: 16 * 1024 })
    const [slow, quick] = [
      await connected(app, { privileges: { shop: ['contribute'] } }),
      await connected(app, { privileges: { shop: ['contribute'] } }),
    ]
    slow.socket.pause()
    // Until the network takes no more: its own buffers hold some megabytes.
    const filler = { id: 'filler', state: 'running', lines: ['x'.repeat(60_000)] } as const
    for (let n = 0; n < 400; n++) {
      app.events.publish({ type: 'operation.progress', app: 'shop', stage: null, operation: filler })
      if (n % 20 === 0) await quick.until(() => quick.heard.length >= n)
    }
    app.clock.advance(60_000)
    const ids: string[] = []
    for (let n = 0; n < 250; n++) ids.push(await submit(app, 'shop'))
    for (const id of ids) await app.jobs.cancel(id)
    const knowsAll = (heard: readonly Said[]) => {
      const last = states(heard)
      return ids.every((id) => last[id] === 'cancelled')
    }
    await quick.until(() => knowsAll(quick.heard))
    const inFlight = quick.heard.length - slow.heard.length
    slow.socket.resume()
    await slow.until(() => knowsAll(slow.heard) && slow.heard.at(-1).type === 'ready')
    expect(inFlight).toBeGreaterThan(500)
    expect(slow.heard.find(({ type }) => type === 'resync')).toMatchObject({ reason: 'overflow' })
    expect(slow.heard.filter(({ operation }) => operation?.id === 'filler').length).toBeLessThan(400)
    expect(quick.heard.some(({ type }) => type === 'resync')).toBe(false)
    expect(slow.closed()).toBeNull()
  }, 60_000)
})

/** A bus whose server can go away and come back. */
function breaking(bus: Bus): { bus: Bus; setDown(down: boolean): void } {
  let down = false
  const notices = new Set<() => void>()
  const refuse = async (): Promise<never> => {
    throw new Problem('bus_failed', 'The bus is down.')
  }
  return {
    bus: {
      ...bus,
      local: false,
      ping: () => (down ? refuse() : bus.ping()),
      publish: (...message) => (down ? refuse() : bus.publish(...message)),
      whenInterrupted(notice) {
        notices.add(notice)
        return () => notices.delete(notice)
      },
    },
    setDown(next) {
      down = next
      if (!down) for (const notice of notices) notice()
    },
  }
}

describe('when the bus is interrupted', () => {
  it('events come from the records meanwhile, and what was missed is told afterwards', async () => {
    let server: ReturnType<typeof breaking> | undefined
    const app = await aServerWith({
      bus: (bus) => {
        server = breaking(bus)
        return server.bus
      },
    })
    const listener = await connected(app, { privileges: { shop: ['contribute'] } })
    server?.setDown(true)
    app.clock.advance(20_000)
    const meanwhile = await submit(app, 'shop')
    const hidden = await submit(app, 'farm')
    await listener.until(() => states(listener.heard)[meanwhile] === 'queued')
    await sleep(5200)
    expect(listener.heard.filter(({ operation }) => operation?.id === meanwhile)).toHaveLength(1)
    await app.jobs.cancel(meanwhile)
    server?.setDown(false)
    await listener.until(({ type, reason }) => type === 'resync' && reason === 'interrupted')
    await listener.until(() => states(listener.heard)[meanwhile] === 'cancelled' && readies(listener) === 2)
    expect(states(listener.heard)).not.toHaveProperty(hidden)
  }, 30_000)
})
