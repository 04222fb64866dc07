import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { startImage } from './docker.ts'
import { freePort } from './program.ts'
import { isRedisInstalled, redisUrl, startRedisServer } from './redis-server.ts'
import type { RunningServer, TestServer } from './server.ts'

export const redis: TestServer = {
  name: 'redis',
  variable: 'LAPUTA_TEST_REDIS_URL',
  part: 'the bus and its queues on Redis',
  packages: ['redis-server'],
  usedBy: ['acceptance', 'src/bus', 'test/contracts', 'src/jobs', 'src/features', 'src/http', 'test/services'],
  isInstalled: isRedisInstalled,
  ways: [startInstalled, startContainer],
  versionOf,
}

async function versionOf(url: string): Promise<string> {
  const client = new Redis(url, { lazyConnect: true, connectTimeout: 2000, retryStrategy: null, commandTimeout: 2000 })
  client.on('error', () => {})
  try {
    await client.connect()
    return /^redis_version:(\S+)/m.exec(await client.info('server'))?.[1] ?? 'unknown'
  } finally {
    client.disconnect()
  }
}

async function startInstalled(): Promise<RunningServer | null> {
  if (!isRedisInstalled()) return null
  const place = { port: await freePort(), password: randomBytes(12).toString('hex') }
  const url = redisUrl(place)
  const started = await startRedisServer(place)
  return { url, version: await versionOf(url), stop: started.stop }
}

function startContainer(): Promise<RunningServer | null> {
  return startImage({
    name: 'redis:7',
    port: 6379,
    environment: {},
    url: (port) => `redis://127.0.0.1:${port}/0`,
    versionOf,
  })
}
