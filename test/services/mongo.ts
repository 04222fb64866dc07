import { MongoClient } from 'mongodb'
import { startImage } from './docker.ts'
import { javaPrograms } from './mongo-stand-in/java-server.ts'
import { startStandIn } from './mongo-stand-in/stand-in.ts'
import { findProgram, freePort, startProgram, temporaryFolder } from './program.ts'
import type { RunningServer, TestServer } from './server.ts'

export const mongo: TestServer = {
  name: 'mongo',
  variable: 'LAPUTA_TEST_MONGO_URL',
  part: 'pipelines on MongoDB',
  packages: ['default-jdk-headless', 'maven'],
  usedBy: [
    'acceptance',
    'src/features',
    'src/http',
    'src/jobs',
    'src/rows',
    'src/store',
    'test/conformance',
    'test/security/mongo',
    'test/services',
  ],
  isInstalled: () => findProgram('mongod') !== null || javaPrograms() !== null,
  ways: [startInstalled, startContainer, startStandIn],
  versionOf,
}

async function versionOf(url: string): Promise<string> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 2000 })
  try {
    const info = await client.db('admin').command({ buildInfo: 1 })
    return String(info.version)
  } finally {
    await client.close()
  }
}

async function startInstalled(): Promise<RunningServer | null> {
  const command = findProgram('mongod')
  if (!command) return null
  const folder = temporaryFolder('mongo')
  const port = await freePort()
  const url = urlOf(port)
  const program = await startProgram({
    command,
    args: ['--dbpath', folder, '--port', String(port), '--bind_ip', '127.0.0.1', '--nounixsocket'],
    folder,
    stopSignal: 'TERM',
    greet: () => versionOf(url),
    patienceMs: 30_000,
  })
  return { url, version: await versionOf(url), stop: program.stop }
}

function startContainer(): Promise<RunningServer | null> {
  return startImage({ name: 'mongo:7', port: 27017, environment: {}, url: urlOf, versionOf })
}

function urlOf(port: number): string {
  return `mongodb://127.0.0.1:${port}/?directConnection=true`
}
