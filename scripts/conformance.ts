/**
 * `npm run conformance -- DIR [--engine duckdb,postgres,…] [--json]`: runs every fixture in a folder on the engines, and ends with one
 * line for each. Fails when a fixture failed, or when an engine that was asked for could not run.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import {
  conformanceEngines,
  type EngineReport,
  failures,
  loadCases,
  loadDepartures,
  runEngine,
  stepTable,
  summary,
  tally,
} from '../test/conformance/index.ts'
import { type FoundServer, testServers } from '../test/services/index.ts'
import { serverEnvironment, startServers, stopServers } from './test-services.ts'

const root = join(import.meta.dirname, '..')
const usage = `usage: npm run conformance -- DIR [--engine ${conformanceEngines.map(({ name }) => name).join(',')}] [--json]`

const { folder, engines, asked, json } = readArguments()
const cases = loadCases(folder, join(root, '..', 'shared', 'fixtures', 'weaverbird'))
const departures = loadDepartures(join(root, 'test', 'fixtures', 'departures.yaml'))
const say = (text: string) => (json ? process.stderr : process.stdout).write(`${text}\n`)

let found: FoundServer[] = []
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  process.once(signal, () => void stopServers(found).finally(() => process.exit(code)))
}

const reports: EngineReport[] = []
try {
  const names = engines.map(({ name }) => name)
  found = await startServers(
    testServers.filter(({ name }) => names.includes(name)),
    say,
  )
  Object.assign(process.env, serverEnvironment(found))
  for (const engine of engines) {
    const problem = found.find(({ server }) => server.name === engine.name)?.problem
    reports.push(
      problem
        ? { engine: engine.name, notRun: `no server: ${problem}` }
        : await runEngine(engine, { cases, departures }),
    )
  }
} finally {
  await stopServers(found)
}

if (json) process.stdout.write(`${JSON.stringify(reports.map(asJson), null, 2)}\n`)
else {
  say(`\n${stepTable(reports)}\n`)
  for (const failure of reports.flatMap(failures)) say(failure)
  say('')
  for (const report of reports) say(summary(report))
}
const isMissing = (report: EngineReport): boolean => 'notRun' in report && (asked || process.env.CI === 'true')
process.exitCode = reports.some(
  (report) => isMissing(report) || ('results' in report && tally(report.results).failed > 0),
)
  ? 1
  : 0

function asJson(report: EngineReport): object {
  if ('notRun' in report) return report
  return {
    engine: report.engine,
    ...tally(report.results),
    cases: report.results.map(({ file, result }) => ({ file, ...result })),
  }
}

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { engine: { type: 'string', multiple: true }, json: { type: 'boolean', default: false } },
  })
  const [folder] = positionals
  if (folder === undefined || positionals.length > 1) return stop(usage)
  if (!existsSync(folder)) return stop(`there is no folder ${folder}`)
  const names = values.engine?.flatMap((list) => list.split(',')).map((name) => name.trim())
  const unknown = names?.find((name) => !conformanceEngines.some((engine) => engine.name === name))
  if (unknown !== undefined) return stop(`there is no engine "${unknown}"\n${usage}`)
  const engines = conformanceEngines.filter(({ name }) => names?.includes(name) ?? true)
  return { folder, engines, asked: names !== undefined, json: values.json }
}

function stop(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(2)
}
