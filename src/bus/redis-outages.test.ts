import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { aJob } from '../../test/contracts/bus/queue.contract.ts'
import { anOwnServer, aRedisBus, hasRedisProgram, type OwnServer } from '../../test/contracts/bus/redis-server.ts'
import { type Log, silentLog } from '../base/index.ts'
import type { Bus, TakenJob } from './index.ts'

const quick = { command_timeout: 300, connect_timeout: 1500 }

describe.runIf(process.env.LAPUTA_TEST_REDIS_URL && hasRedisProgram)('a Redis server of its own', () => {
  const servers: OwnServer[] = []
  const buses: Bus[] = []
  afterEach(async () => {
    for (const bus of buses.splice(0)) await bus.close()
    for (const server of servers.splice(0)) await server.stop()
  })

  async function aServer(args: readonly string[] = []): Promise<OwnServer> {
    const server = await anOwnServer(args)
    servers.push(server)
    await server.start()
    return server
  }
  async function aBus(url: string, log: Log = silentLog, settings = {}): Promise<Bus> {
    const bus = await aRedisBus(url, { settings: { ...quick, ...settings }, deps: { log } })
    buses.push(bus)
    return bus
  }
  /** How long it takes until it fails. */
  async function timeToFail(work: () => Promise<unknown>): Promise<number> {
    const began = performance.now()
    await expect(work()).rejects.toMatchObject({ code: 'bus_failed' })
    return performance.now() - began
  }
  const works = (work: () => Promise<unknown>) =>
    expect
      .poll(
        () =>
          work().then(
            () => true,
            () => false,
          ),
        { timeout: 10_000, interval: 50 },
      )
      .toBe(true)

  describe('that is killed and comes back with nothing', () => {
    it('is done without at once, and used again by itself', async () => {
      const server = await aServer()
      const said: string[] = []
      const log: Log = {
        ...silentLog,
        warn: (_fields, message) => said.push(message),
        info: (_fields, message) => said.push(message),
      }
      const bus = await aBus(server.url, log)
      await bus.cache.set('a', Buffer.from('1'), 60_000)
      await server.signal('SIGKILL')
      for (let n = 0; n < 20; n++) {
        expect(await timeToFail(() => bus.cache.get('a'))).toBeLessThan(500)
        await sleep(20)
      }
      await timeToFail(() => bus.increment('a', 1000))
      await timeToFail(() => bus.lock('a', 1000))
      await timeToFail(() => bus.publish('a', 1))
      await timeToFail(() => bus.subscribe('a', () => {}))
      await timeToFail(() => bus.ping())
      await timeToFail(() => bus.queue('heavy').add(aJob('a')))
      await timeToFail(() => bus.queue('heavy').counts())
      await server.start()
      await works(() => bus.ping())
      expect(await bus.cache.get('a')).toBeNull()
      await bus.cache.set('a', Buffer.from('2'), 60_000)
      expect(await bus.cache.get('a')).toEqual(Buffer.from('2'))
      expect(said).toEqual(['Redis is away. What can be done without it goes on.', 'Redis is back.'])
    })

    it('brings messages to those who listened before, and tells them that they may have missed some', async () => {
      const server = await aServer()
      const bus = await aBus(server.url)
      const received: unknown[] = []
      let interruptions = 0
      await bus.subscribe('a', (payload) => received.push(payload))
      const over = bus.whenInterrupted(() => {
        throw new Error('planted')
      })
      bus.whenInterrupted(() => {
        interruptions++
      })
      bus.whenInterrupted(() => {
        interruptions += 100
      })()
      await bus.publish('a', 1)
      await expect.poll(() => received).toEqual([1])
      expect(interruptions).toBe(0)
      await server.signal('SIGKILL')
      await sleep(100)
      await server.start()
      await expect.poll(() => interruptions, { timeout: 10_000 }).toBe(1)
      over()
      await works(() => bus.publish('a', 2))
      await expect.poll(() => received).toEqual([1, 2])
    })

    it('gives locks with larger tokens than before, and none to be renewed', async () => {
      const server = await aServer()
      const bus = await aBus(server.url)
      const before = (await bus.lock('a', 60_000))!
      await server.signal('SIGKILL')
      await server.start()
      await works(() => bus.ping())
      expect(await before.renew()).toBe(false)
      const after = (await bus.lock('a', 60_000))!
      expect(after.token).toBeGreaterThan(before.token)
      await before.release()
      expect(await after.renew()).toBe(true)
    })

    it('has its queue worked on, by the same workers', async () => {
      const server = await aServer()
      const bus = await aBus(server.url)
      const queue = bus.queue('heavy')
      const taken: TakenJob[] = []
      let aborted = false
      await queue.work({
        concurrency: 2,
        leaseMs: 600,
        handle: async (job, signal) => {
          taken.push(job)
          signal.addEventListener('abort', () => {
            aborted = true
          })
          if (job.id === 'runs') await sleep(60_000, undefined, { signal }).catch(() => {})
          return { kind: 'done' }
        },
      })
      await queue.addMany([aJob('runs'), aJob('before')])
      await expect.poll(() => taken.length).toBe(2)
      await server.signal('SIGKILL')
      await sleep(200)
      await server.start()
      await works(() => queue.add(aJob('after')))
      await queue.add(aJob('later', { delayMs: 200 }))
      await expect
        .poll(() => taken.map(({ id }) => id), { timeout: 10_000 })
        .toEqual(['runs', 'before', 'after', 'later'])
      await expect.poll(() => aborted, { timeout: 3000 }).toBe(true)
      await expect.poll(() => queue.counts()).toEqual({ waiting: 0, delayed: 0, running: 0, dead: 0 })
    })

    it('does not hold up the closing of the bus, whatever runs', async () => {
      const server = await aServer()
      const bus = await aBus(server.url)
      await bus.queue('heavy').work({ concurrency: 1, leaseMs: 5000, handle: () => new Promise<never>(() => {}) })
      await bus.queue('heavy').add(aJob('a'))
      await expect.poll(async () => (await bus.queue('heavy').counts()).running).toBe(1)
      await server.signal('SIGKILL')
      const began = performance.now()
      await bus.close()
      expect(performance.now() - began).toBeLessThan(4000)
    })

    it('has workers that were made while it was away', async () => {
      const server = await aServer()
      const bus = await aBus(server.url)
      await server.signal('SIGKILL')
      const queue = bus.queue('fast')
      const taken: string[] = []
      await queue.work({
        concurrency: 1,
        leaseMs: 5000,
        handle: async ({ id }) => {
          taken.push(id)
          return { kind: 'done' }
        },
      })
      await server.start()
      await works(() => queue.add(aJob('a')))
      await expect.poll(() => taken, { timeout: 10_000 }).toEqual(['a'])
    })
  })

  it('that is held up: a command fails in its time, and later ones work', async () => {
    const server = await aServer()
    const bus = await aBus(server.url)
    await server.signal('SIGSTOP')
    const took = await timeToFail(() => bus.cache.get('a'))
    expect(took).toBeGreaterThan(200)
    expect(took).toBeLessThan(900)
    await timeToFail(() => bus.queue('heavy').add(aJob('a')))
    await server.signal('SIGCONT')
    await works(() => bus.cache.set('a', Buffer.from('1'), 1000))
  })

  describe('that cannot be used', () => {
    const refused = async (url: string, settings = {}) => {
      const began = performance.now()
      const error = await aRedisBus(url, { settings: { ...quick, ...settings } }).then(
        async (bus) => {
          await bus.close()
          return null
        },
        (problem) => problem,
      )
      expect(performance.now() - began).toBeLessThan(4000)
      expect(['config_invalid', 'bus_failed']).toContain(error.code)
      expect(JSON.stringify([error.message, error.errors, String(error.cause ?? '')])).not.toContain('hunter')
      return error as { code: string; message: string; errors: { path: string; message: string }[] }
    }

    it('since nobody is there', async () => {
      const server = await aServer()
      await server.stop()
      const error = await refused(server.url.replace('//', '//:hunter2@'))
      expect(error.code).toBe('bus_failed')
      expect(error.errors[0]?.path).toBe('redis.url')
      expect(error.message).toContain(`127.0.0.1:${server.port}`)
      expect(error.message).toContain('ECONNREFUSED')
    })

    it('since its name is not known', async () => {
      const error = await refused('redis://no-such-host.invalid:6379')
      expect(error.errors[0]?.path).toBe('redis.url')
    })

    it('since the password is wrong, or missing', async () => {
      const server = await aServer(['--user', 'default', 'on', '>secret', '~*', '&*', '+@all'])
      expect((await refused(server.url.replace('//', '//default:hunter2@'))).message).toContain('does not accept')
      expect(await refused(server.url)).toMatchObject({
        code: 'config_invalid',
        message: expect.stringContaining('wants a password'),
      })
      const bus = await aBus(server.url.replace('//', '//default:secret@'))
      await bus.ping()
    }, 20_000)

    it.each([
      ['scripts', ['+@all', '-@scripting'], '&*'],
      ['writing', ['+@all', '-@write'], '&*'],
      ['other keys', ['~other*', '+@all'], '&*'],
      ['other channels', ['+@all'], '&other*'],
    ])('since the user lacks rights: %s', async (_name, rights, channels) => {
      const keys = rights.some((right) => right.startsWith('~')) ? [] : ['~*']
      const server = await aServer(['--user', 'laputa', 'on', '>hunter2', ...keys, ...rights, channels])
      const error = await refused(server.url.replace('//', '//laputa:hunter2@'))
      expect(error.message).toContain('lacks rights')
      expect(error.errors[0]?.path).toBe('redis.url')
    })

    it('since something else answers', async () => {
      const other = createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1')
      await new Promise((resolve) => other.once('listening', resolve))
      const { port } = other.address() as AddressInfo
      const error = await refused(`redis://127.0.0.1:${port}`)
      expect(error.errors[0]?.path).toBe('redis.url')
      other.closeAllConnections()
      other.close()
    })

    it('since nothing is answered', async () => {
      const server = await aServer()
      await server.signal('SIGSTOP')
      expect((await refused(server.url)).errors[0]?.path).toBe('redis.url')
    })

    it('since it is a replica', async () => {
      const first = await aServer()
      const replica = await aServer(['--replicaof', '127.0.0.1', `${first.port}`])
      expect((await refused(replica.url)).message).toContain('replica')
    })

    it.each([
      ['http://127.0.0.1:6379', 'redis://'],
      ['not an address hunter2', 'not an address'],
      ['redis://a:hunter%@127.0.0.1', '%25'],
      ['redis://127.0.0.1/main', 'database'],
    ])('since the address is %j', async (url, told) => {
      const error = await refused(url)
      expect(error.message).toContain(told)
      expect(error.errors[0]?.path).toBe('redis.url')
    })

    it('since there is no such database', async () => {
      const server = await aServer(['--databases', '2'])
      const error = await refused(`${server.url}/7`)
      expect(error.message).toContain('database')
    })

    it('since a setting of the set-up is missing or cannot be read', async () => {
      expect((await refused('redis://x', { mode: 'cluster' })).errors[0]?.path).toBe('redis.nodes')
      expect((await refused('rediss://x', { tls_ca_file: '/no/such/file' })).errors[0]?.path).toBe('redis.tls_ca_file')
    })
  })
})
