/**
 * `npm test`: everything that this machine can run, then a table of what it could not, then one line of counts.
 * With `CI=true`, a part that could not run is a failure. Arguments are handed to vitest (`npm test -- src/access`).
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterruptible } from './interruptible.ts'
import {
  findServices,
  installMissing,
  serverEnvironment,
  serversFor,
  startServers,
  stopServers,
} from './test-services.ts'

interface Counts {
  passed: number
  failed: number
  skipped: number
}

const ci = process.env.CI === 'true'
const chosen = process.argv.slice(2).filter((argument) => argument !== '--install')
const servers = serversFor(chosen)
if (ci || process.argv.includes('--install')) installMissing(servers)
const found = findServices()
const environment = { ...process.env }
for (const { service, value } of found) if (value && service.variable) environment[service.variable] = value

const counts: Counts = { passed: 0, failed: 0, skipped: 0 }
const failures: string[] = []
const { run, interrupted } = createInterruptible()

/** Runs a command as one test of its own. */
async function part(name: string, command: string, args: readonly string[]): Promise<void> {
  if (interrupted()) return
  const started = Date.now()
  process.stdout.write(`\n> ${name}\n`)
  const ok = (await run(command, args, environment)) === 0
  process.stdout.write(`${ok ? 'ok' : 'FAILED'}: ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)\n`)
  if (ok) counts.passed += 1
  else {
    counts.failed += 1
    failures.push(name)
  }
}

async function vitest(
  name: string,
  given: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<void> {
  if (interrupted()) return
  const folder = mkdtempSync(join(tmpdir(), 'laputa-test-'))
  const output = join(folder, 'report.json')
  const args = ['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${output}`, ...given]
  const status = await run('npx', ['--no-install', ...args], { ...environment, ...more })
  try {
    const report = JSON.parse(readFileSync(output, 'utf8'))
    counts.passed += report.numPassedTests
    counts.failed += report.numFailedTests
    counts.skipped += report.numPendingTests + report.numTodoTests
    // A file that fails before its first test, or an error outside any test, fails the run without a failed test.
    if (status !== 0 && report.numFailedTests === 0) counts.failed += Math.max(1, report.numFailedTestSuites)
  } catch {
    counts.failed += 1
  }
  if (status !== 0) failures.push(name)
  rmSync(folder, { recursive: true, force: true })
}

/** The same tests of the features that ran on the embedded engines, on the others. Servers that are missing are told of below. */
async function featuresOnOtherEngines(): Promise<void> {
  const sets = { redis: ['LAPUTA_TEST_REDIS_URL'], mongo: ['LAPUTA_TEST_REDIS_URL', 'LAPUTA_TEST_MONGO_URL'] }
  const files = ['src/features', 'src/http', 'src/auth', '--project=main', '--testTimeout=60000', '--hookTimeout=60000']
  for (const [engines, needed] of Object.entries(sets)) {
    if (!needed.every((variable) => environment[variable])) continue
    process.stdout.write(`\n> features on ${engines}\n`)
    await vitest(`features on ${engines}`, files, { LAPUTA_TEST_ENGINES: engines })
  }
}

if (chosen.length === 0) {
  await part('build', 'npm', ['run', '--silent', 'build'])
  await part('check', 'npm', ['run', '--silent', 'check'])
  const mkdocs = found.find(({ service }) => service.name === 'mkdocs')?.value
  const site = mkdtempSync(join(tmpdir(), 'laputa-site-'))
  if (mkdocs) await part('documentation', mkdocs, ['build', '--strict', '--quiet', '--site-dir', site])
  rmSync(site, { recursive: true, force: true })
}
const started = interrupted() ? [] : await startServers(servers, (line) => process.stdout.write(`${line}\n`))
try {
  Object.assign(environment, serverEnvironment(started))
  await vitest('vitest', chosen)
  if (chosen.length === 0) await featuresOnOtherEngines()
} finally {
  await stopServers(started)
}

process.stdout.write('\n')
const missing = [
  ...found
    .filter(({ value }) => value === null)
    .map(({ service: { name, part, variable } }) => ({
      ...{ name, part },
      why: variable ? `install it, or set ${variable}` : 'install it',
    })),
  ...started
    .filter(({ running }) => running === null)
    .map(({ server: { name, part }, problem }) => ({ name, part, why: problem })),
]
for (const { name, part, why } of missing) {
  process.stdout.write(`not run: ${part} (no ${name}: ${why})\n`)
  if (ci) counts.failed += 1
}
if (interrupted()) failures.push('interrupted')
if (failures.length > 0) process.stdout.write(`failed: ${failures.join(', ')}\n`)
process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`)
process.exit(counts.failed === 0 && !interrupted() ? 0 : 1)
