import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import {
  dockerAnswers,
  type FoundServer,
  findServer,
  mongo,
  redis,
  type TestServer,
  testServers,
} from '../test/services/index.ts'

/** Something that tests need and npm does not bring. `check` answers what to hand to the tests, or null when it is not usable. */
interface Service {
  readonly name: string
  /** The environment variable that names it; what is found is handed to the tests in the same one. None: they look on PATH. */
  readonly variable?: string
  /** What cannot run without it. */
  readonly part: string
  readonly packages: readonly string[]
  check(): string | null
}

const services: readonly Service[] = [
  {
    name: 'chromium',
    variable: 'LAPUTA_TEST_CHROMIUM',
    part: 'pages in a real browser',
    packages: ['chromium'],
    check: () => onPath('chromium') ?? onPath('chromium-browser') ?? onPath('google-chrome'),
  },
  {
    name: 'mkdocs',
    variable: 'LAPUTA_TEST_MKDOCS',
    part: 'strict build of the documentation',
    packages: ['mkdocs', 'mkdocs-material'],
    check: () =>
      succeeds('python3', ['-c', 'import material']) || succeeds('mkdocs', ['build', '--help'])
        ? onPath('mkdocs')
        : null,
  },
  {
    name: 'supervisor',
    variable: 'LAPUTA_TEST_SUPERVISORD',
    part: 'processes under supervisor',
    packages: ['supervisor'],
    check: () => onPath('supervisord'),
  },
  // Tests that stop and start their servers need the programs, whatever servers run besides.
  {
    name: 'redis-server',
    part: 'failure tests',
    packages: redis.packages,
    check: () => (redis.isInstalled() ? 'installed' : null),
  },
  {
    name: 'mongod, or java and maven',
    part: 'failure tests',
    packages: mongo.packages,
    check: () => (mongo.isInstalled() ? 'installed' : null),
  },
]

export interface Found {
  readonly service: Service
  readonly value: string | null
}

/** Finds each program: named in the environment, or on PATH. What is missing has the value null. */
export function findServices(): Found[] {
  return services.map((service) => ({ service, value: look(service) }))
}

/** The servers that these arguments of vitest need; all of them without arguments. */
export function serversFor(chosen: readonly string[]): readonly TestServer[] {
  if (chosen.length === 0) return testServers
  const paths = chosen.map((argument) => argument.replace(/^\.\//, ''))
  return testServers.filter(({ usedBy }) =>
    usedBy.some((used) => paths.some((path) => path.startsWith(used) || used.startsWith(path))),
  )
}

/**
 * Gets these servers, once for the whole run, and says which ones answered. Each is named in the environment, or started from a
 * program on PATH or with Docker. The caller stops them again, however the run ends.
 */
export async function startServers(
  servers: readonly TestServer[],
  say: (line: string) => void,
): Promise<FoundServer[]> {
  const found = await Promise.all(servers.map(findServer))
  for (const { server, running } of found) if (running) say(`${server.name}: ${running.version}`)
  return found
}

/** Stops what was started; what was there before stays. */
export async function stopServers(found: readonly FoundServer[]): Promise<void> {
  await Promise.all(found.map(({ running }) => running?.stop()))
}

/** The environment in which tests find these servers. */
export function serverEnvironment(found: readonly FoundServer[]): Record<string, string> {
  return Object.fromEntries(found.flatMap(({ server, running }) => (running ? [[server.variable, running.url]] : [])))
}

/** Installs the Debian packages of everything that no other way gives, in one go. Does nothing where that is not possible. */
export function installMissing(servers: readonly TestServer[]): void {
  if (!mayInstall()) return
  const missing = servers.filter((server) => !process.env[server.variable] && !server.isInstalled())
  const needed = [
    ...services.filter((service) => look(service) === null).flatMap((service) => service.packages),
    ...(missing.length > 0 && dockerAnswers() ? [] : missing.flatMap((server) => server.packages)),
  ]
  const packages = [...new Set(needed)]
  if (packages.length === 0) return
  process.stdout.write(`installing ${packages.join(', ')}\n`)
  // In "single user mode" packages do not start the servers that they bring.
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', ...packages],
  ]) {
    const run = spawnSync('apt-get', args, { env: environment, stdio: ['ignore', 'ignore', 'inherit'] })
    if (run.status !== 0) process.stdout.write(`apt-get ${args[0]} failed (${run.status ?? run.signal})\n`)
  }
}

function look(service: Service): string | null {
  const named = service.variable && process.env[service.variable]
  return named && existsSync(named) ? named : service.check()
}

function mayInstall(): boolean {
  return existsSync('/etc/debian_version') && process.getuid?.() === 0 && onPath('apt-get') !== null
}

function onPath(program: string): string | null {
  for (const folder of (process.env.PATH ?? '').split(':')) {
    if (folder && existsSync(`${folder}/${program}`)) return `${folder}/${program}`
  }
  return null
}

function succeeds(program: string, args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
