import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { startImage } from './docker.ts'
import {
  findProgram,
  freePort,
  programBeside,
  runOnce,
  startProgram,
  temporaryFolder,
  unprivilegedUser,
} from './program.ts'
import type { RunningServer, TestServer } from './server.ts'

export const postgres: TestServer = {
  name: 'postgres',
  variable: 'LAPUTA_TEST_POSTGRES_URL',
  part: 'pipelines on PostgreSQL',
  packages: ['postgresql'],
  usedBy: [
    'test/conformance',
    'test/regressions',
    'test/security',
    'src/pipeline/sql',
    'src/connectors',
    'src/features/domains',
    'src/features/queries',
  ],
  isInstalled: () => programs() !== null,
  ways: [startInstalled, startContainer],
  versionOf,
}

async function versionOf(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 })
  client.on('error', () => {})
  try {
    await client.connect()
    const answer = await client.query<{ server_version: string }>('SHOW server_version')
    return answer.rows[0]?.server_version.split(' ')[0] ?? 'unknown'
  } finally {
    await client.end()
  }
}

/** Nothing here has to outlive the run, so it never waits for the disk. */
const settings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  shared_buffers: '32MB',
  max_connections: '50',
  // A query that plans or runs for ever would outlive the server: its backend is not in the group that is killed.
  statement_timeout: '60s',
}

async function startInstalled(): Promise<RunningServer | null> {
  const found = programs()
  if (!found) return null
  const { command, initdb } = found
  // It refuses to run as root.
  const user = unprivilegedUser(['postgres'])
  const folder = temporaryFolder('postgres', user)
  const data = join(folder, 'data')
  const options = [
    '--username=laputa',
    '--auth=trust',
    '--encoding=UTF8',
    '--locale=C',
    '--no-sync',
    '--no-instructions',
  ]
  // Text is compared as people read it, as in most real databases: what has to be compared by code points must say so.
  const collation = ['--locale-provider=icu', '--icu-locale=en-US']
  await runOnce(initdb, ['--pgdata', data, ...options, ...collation], { folder, user })
  const port = await freePort()
  const url = `postgres://laputa@127.0.0.1:${port}/postgres`
  const program = await startProgram({
    command,
    args: [
      '-D',
      data,
      '-p',
      String(port),
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    folder,
    user,
    stopSignal: 'INT',
    greet: () => versionOf(url),
    patienceMs: 20_000,
  })
  return { url, version: await versionOf(url), stop: program.stop }
}

function programs(): { command: string; initdb: string } | null {
  const command = findProgram('postgres', debianFolders())
  const initdb = command ? programBeside(command, 'initdb') : null
  return command && initdb ? { command, initdb } : null
}

/** Debian keeps the programs of each version in a folder of its own; the newest first. */
function debianFolders(): string[] {
  const root = '/usr/lib/postgresql'
  try {
    const versions = readdirSync(root).map(Number).filter(Number.isFinite)
    return versions.sort((a, b) => b - a).map((version) => join(root, String(version), 'bin'))
  } catch {
    return []
  }
}

function startContainer(): Promise<RunningServer | null> {
  return startImage({
    name: 'postgres:15',
    port: 5432,
    environment: { POSTGRES_USER: 'laputa', POSTGRES_DB: 'postgres', POSTGRES_HOST_AUTH_METHOD: 'trust' },
    url: (port) => `postgres://laputa@127.0.0.1:${port}/postgres`,
    versionOf,
  })
}
