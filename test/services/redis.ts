import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { startImage } from './docker.ts'
import { findProgram, freePort, startProgram, temporaryFolder } from './program.ts'
import type { RunningServer, TestServer } from './server.ts'

export const redis: TestServer = {
  name: 'redis',
  variable: 'LAPUTA_TEST_REDIS_URL',
  part: 'the bus and its queues on Redis',
  packages: ['redis-server'],
  usedBy: [
    'acceptance',
    'src/bus',
    'test/contracts',
    'src/jobs',
    'test/failures',
    'src/features',
    'src/http',
    'test/services',
  ],
  isInstalled: () => program() !== null,
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
  const command = program()
  if (!command) return null
  const folder = temporaryFolder('redis')
  const port = await freePort()
  const password = randomBytes(12).toString('hex')
  const url = `redis://:${password}@127.0.0.1:${port}/0`
  const started = await startProgram({
    command,
    args: [
      ...['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder],
      ...['--save', '', '--appendonly', 'no', '--requirepass', password],
    ],
    folder,
    stopSignal: 'TERM',
    greet: () => versionOf(url),
    patienceMs: 15_000,
  })
  return { url, version: await versionOf(url), stop: started.stop }
}

/** By its name: Debian has one program of several names, which does what it is called. */
function program(): string | null {
  return findProgram('redis-server') && 'redis-server'
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
