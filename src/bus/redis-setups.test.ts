import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, it } from 'vitest'
import { aJob } from '../../test/contracts/bus/queue.contract.ts'
import { anOwnServer, aRedisBus, hasRedisProgram, type OwnServer } from '../../test/contracts/bus/redis-server.ts'
import { findProgram, freePort } from '../../test/services/program.ts'
import type { Bus } from './index.ts'

describe.runIf(process.env.LAPUTA_TEST_REDIS_URL && hasRedisProgram)('set-ups of Redis', () => {
  const closers: (() => Promise<void> | void)[] = []
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close()
  })

  async function aServer(args: readonly string[], port?: number): Promise<OwnServer> {
    const server = await anOwnServer(args, port)
    closers.push(() => server.stop())
    await server.start()
    return server
  }
  function aFolder(): string {
    const folder = mkdtempSync(join(tmpdir(), 'laputa-redis-'))
    closers.push(() => rmSync(folder, { recursive: true, force: true }))
    return folder
  }

  /** Uses everything that a bus has. */
  async function tryEverything(bus: Bus): Promise<void> {
    closers.push(() => bus.close())
    await bus.ping()
    for (const key of ['', 'a', '{b}', '}c{', 'ü']) {
      await bus.cache.set(key, Buffer.from(key), 5000)
      expect(await bus.cache.get(key)).toEqual(Buffer.from(key))
      expect(await bus.cache.setInOrder(key, Buffer.from('2'), { ttlMs: 5000, order: 2 })).toBe(true)
      expect(await bus.cache.setInOrder(key, Buffer.from('1'), { ttlMs: 5000, order: 1 })).toBe(false)
      expect(await bus.increment(key, 5000)).toBe(1)
      await bus.reset(key)
      const lease = await bus.lock(key, 5000)
      expect(await lease?.renew()).toBe(true)
      expect(await bus.lock(key, 5000)).toBeNull()
      await lease?.release()
    }
    await Promise.all(Array.from({ length: 100 }, (_, n) => bus.cache.set(`many-${n}`, Buffer.from(`${n}`), 5000)))
    const read = await Promise.all(Array.from({ length: 100 }, (_, n) => bus.cache.get(`many-${n}`)))
    expect(read.map(String)).toEqual(Array.from({ length: 100 }, (_, n) => `${n}`))
    const received: unknown[] = []
    await bus.subscribe('a', (payload) => received.push(payload))
    await bus.publish('a', { n: 1 })
    await expect.poll(() => received).toEqual([{ n: 1 }])
    for (const name of ['heavy', 'fast']) {
      const taken: string[] = []
      const queue = bus.queue(name)
      await queue.addMany([aJob('a'), aJob('b', { group: 'b' }), aJob('later', { delayMs: 100 })])
      const worker = await queue.work({
        concurrency: 2,
        leaseMs: 5000,
        handle: async ({ id, payload }) => {
          taken.push(id)
          return id === 'a' && payload !== null ? { kind: 'dead', reason: 'planted' } : { kind: 'done' }
        },
      })
      await expect.poll(() => taken.sort(), { timeout: 5000 }).toEqual(['a', 'b', 'later'])
      await expect.poll(() => queue.counts()).toEqual({ waiting: 0, delayed: 0, running: 0, dead: 1 })
      expect(await queue.dead(1)).toMatchObject([{ id: 'a' }])
      await worker.close(1000)
    }
  }

  it('a cluster', async () => {
    const server = await aServer(['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'])
    const client = new Redis(server.url)
    closers.push(() => client.disconnect())
    await client.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
    await expect.poll(() => client.call('CLUSTER', 'INFO'), { timeout: 10_000 }).toContain('cluster_state:ok')
    const nodes = [`127.0.0.1:${server.port}`]
    await tryEverything(await aRedisBus(undefined, { settings: { mode: 'cluster', nodes } }))
  }, 30_000)

  it('a cluster that is not there', async () => {
    const nodes = [`127.0.0.1:${await freePort()}`]
    await expect(
      aRedisBus(undefined, { settings: { mode: 'cluster', nodes, connect_timeout: 1000 } }),
    ).rejects.toMatchObject({ code: 'bus_failed', errors: [{ path: 'redis.nodes' }] })
  })

  it('a server that sentinels watch', async () => {
    const server = await aServer(['--requirepass', 'secret'])
    const file = join(aFolder(), 'sentinel.conf')
    writeFileSync(file, `sentinel monitor ours 127.0.0.1 ${server.port} 1\nsentinel auth-pass ours secret\n`)
    // The file comes first on the command line: what follows is added to it.
    const sentinel = await anOwnServer(['--sentinel'], await freePort(), file)
    closers.push(() => sentinel.stop())
    await sentinel.start()
    const settings = {
      mode: 'sentinel' as const,
      nodes: [`127.0.0.1:${sentinel.port}`],
      sentinel_name: 'ours',
      password: 'secret',
      database: 3,
    }
    await tryEverything(await aRedisBus(undefined, { settings }))
    const client = new Redis(server.url, { password: 'secret', db: 3 })
    closers.push(() => client.disconnect())
    expect(await client.dbsize()).toBeGreaterThan(0)
    await expect(
      aRedisBus(undefined, { settings: { ...settings, sentinel_name: 'other', connect_timeout: 1500 } }),
    ).rejects.toMatchObject({ code: 'config_invalid', errors: [{ path: 'redis.nodes' }] })
  }, 30_000)

  it.runIf(findProgram('openssl'))(
    'an encrypted connection',
    async () => {
      const folder = aFolder()
      const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
      execFileSync(
        'openssl',
        [
          ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
          ...['-keyout', key, '-out', certificate, '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'],
        ],
        { stdio: 'ignore' },
      )
      const port = await freePort()
      await aServer([
        ...['--tls-port', `${port}`, '--tls-cert-file', certificate, '--tls-key-file', key],
        ...['--tls-ca-cert-file', certificate, '--tls-auth-clients', 'no'],
      ])
      const url = `rediss://localhost:${port}`
      await tryEverything(await aRedisBus(url, { settings: { tls_ca_file: certificate } }))
      await expect(aRedisBus(url, { settings: { connect_timeout: 1000 } })).rejects.toMatchObject({
        code: 'config_invalid',
        errors: [{ path: 'redis.tls_ca_file' }],
      })
    },
    30_000,
  )
})
