import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { anOwnRedis, type OwnServer } from '../../test/services/own-servers.ts'
import { findProgram, keptPorts } from '../../test/services/program.ts'
import { hasRedisProgram } from '../../test/services/redis-server.ts'
import { type RoleProcess, startRole } from '../role.ts'
import { newHome, removeHome } from '../started.ts'
import { anOldMongo, anOldRedis, type OldServer } from './old-servers.ts'

/** Nobody listens there. */
const nowhere = '127.0.0.1:1'

describe('a start', () => {
  let home: string
  let started: RoleProcess[]
  let closers: (() => Promise<void> | void)[]
  beforeEach(() => {
    home = newHome()
    started = []
    closers = []
  })
  afterEach(async () => {
    for (const one of started) await one.end('SIGKILL')
    for (const close of closers) await close()
    removeHome(home)
  })

  const mongoAt = (address: string) => ({
    LAPUTA_STORE__KIND: 'mongo',
    LAPUTA_MONGO__URL: `mongodb://${address}/`,
    LAPUTA_MONGO__SERVER_TIMEOUT: '500 ms',
  })
  const redisAt = (url: string) => ({
    LAPUTA_BUS__KIND: 'redis',
    LAPUTA_REDIS__URL: url,
    LAPUTA_REDIS__CONNECT_TIMEOUT: '500 ms',
  })

  async function start(env: Record<string, string>, args: readonly string[] = []) {
    const probePort = await keptPorts(4)
    const common = {
      LAPUTA_HOME: join(home, 'var'),
      LAPUTA_HTTP__PORT: '0',
      LAPUTA_HEALTH__PORT: `${probePort}`,
    }
    const offset = args.includes('worker') ? 1 : 0
    const all = { args, env: { ...common, ...env }, probePort: probePort + offset, cwd: home, unready: true }
    const one = await startRole(all)
    started.push(one)
    return one
  }
  async function aRedis(): Promise<OwnServer> {
    const redis = await anOwnRedis()
    closers.push(redis.remove)
    return redis
  }
  function old(server: OldServer): string {
    closers.push(server.close)
    return `127.0.0.1:${server.port}`
  }

  it.each([
    ['mongo.url', mongoAt(nowhere)],
    ['redis.url', redisAt(`redis://${nowhere}/0`)],
  ])('in one process does not wait for a server that is not there, and names %s', async (setting, env) => {
    const one = await start(env)
    expect(await one.ended).toBe(1)
    expect(one.output()).toContain(setting)
  })

  it.skipIf(!hasRedisProgram)('names redis.url when the password is wrong, and does not try again', async () => {
    const redis = await aRedis()
    await redis.start()
    const wrong = redis.url.replace(/:[^:@]+@/, ':wrong@')
    const one = await start(redisAt(wrong))
    expect(await one.ended).toBe(78)
    expect(one.output()).toContain('redis.url')
    expect(one.output()).not.toContain('wrong@')
  })

  it('refuses servers that are too old, with the setting', async () => {
    const redis = await start(redisAt(`redis://${old(await anOldRedis())}/0`))
    expect([await redis.ended, redis.output()]).toEqual([78, expect.stringMatching(/5\.0\.14[\s\S]*redis\.url/)])
    const mongo = await start(mongoAt(old(await anOldMongo())))
    expect([await mongo.ended, mongo.output()]).toEqual([78, expect.stringMatching(/version[\s\S]*mongo\.url/)])
  })

  it.skipIf(!hasRedisProgram)('of a role waits for its servers, and hears meanwhile that it should end', async () => {
    const redis = await aRedis()
    const env = { ...mongoAt(nowhere), ...redisAt(redis.url) }
    const one = await start(env, ['--only', 'worker'])
    await expect.poll(() => one.output(), { timeout: 20_000 }).toMatch(/mongo\.url[\s\S]*trying again/)
    expect(await one.probe('/health/live')).toMatchObject({ status: 200 })
    expect(await one.probe('/health/started')).toMatchObject({ status: 503 })
    const asked = performance.now()
    expect(await one.end()).toBe(0)
    expect(performance.now() - asked).toBeLessThan(5000)
  })

  it('names the home when it cannot be made', async () => {
    writeFileSync(join(home, 'file'), '')
    const one = await start({ LAPUTA_HOME: join(home, 'file', 'var') })
    expect(await one.ended).not.toBe(0)
    expect(one.output()).toMatch(/The home \S+file\/var cannot be made/)
  })

  it('says what is the matter when the disk is full', async ({ skip }) => {
    const [mount, umount] = [findProgram('mount'), findProgram('umount')]
    if (!mount || !umount) return skip('there is no mount here')
    const disk = join(home, 'disk')
    mkdirSync(disk)
    const mounted = spawnSync(mount, ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk], { stdio: 'ignore' }).status
    if (mounted !== 0) skip('only root may mount a small disk')
    closers.push(() => void spawnSync(umount, [disk]))
    const one = await start({ LAPUTA_HOME: join(disk, 'var') })
    expect(await one.ended).not.toBe(0)
    expect(one.output()).toMatch(/disk|space|full/i)
  })
})
