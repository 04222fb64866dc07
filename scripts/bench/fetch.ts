import { openAsBlob, readdirSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { newHome, removeHome, type Started, startLaputa } from '../../acceptance/started.ts'
import { type Client, signInAdmin } from './client.ts'
import { processorTime } from './load.ts'
import { type Figure, inTurns, median } from './measure.ts'

const rows = 1_000_000
const turns = 12
/** That are counted of a turn. */
const runs = 5
/** Of both, before anything is counted: until then the program mostly waits for the compiler. */
const warmUps = 100
const require = createRequire(import.meta.url)
const flights = join(require.resolve('vega-datasets'), '..', '..', 'data', 'flights-3m.parquet')

/** A million real flights: groups of them through the door, nothing cached, against the same SQL in DuckDB alone on the same file. */
export async function benchFetch(): Promise<Figure[]> {
  const home = newHome()
  let laputa: Started | undefined
  try {
    const env = { LAPUTA_QUERY__CACHE__STATUS: 'disable', LAPUTA_ROWS__THREADS: '2' }
    laputa = await startLaputa({ home, demo: false, env })
    const admin = await signInAdmin(laputa)
    await uploadFlights(admin, join(home, 'flights.csv'))
    const folder = join(home, 'var', 'rows')
    const [file = ''] = readdirSync(folder).filter((name) => name.endsWith('.duckdb'))
    const options = { access_mode: 'READ_ONLY', threads: '2' }
    const instance = await DuckDBInstance.create(join(folder, file), options)
    const connection = await instance.connect()
    const agent = new Agent({ keepAlive: true })
    const posted = {
      url: new URL('/bench/data', laputa.url),
      headers: admin.headers,
      agent,
      body: JSON.stringify(chart),
    }
    const ours = () => post(posted)
    const alone = async () => (await connection.runAndReadAll(sqlByHand)).getRowObjectsJson().length
    if (JSON.parse((await ours()).toString()).data.length !== (await alone()))
      throw new Error('The two do not give the same groups.')
    for (let time = 0; time < warmUps; time++) {
      await ours()
      await alone()
    }
    const work: Work = { ours: [], alone: [] }
    const pid = Number(laputa.process.pid)
    const times = await inTurns(
      turns,
      () => noting(work.ours, () => processorTime(pid), ours),
      () => noting(work.alone, ownTime, alone),
    )
    agent.destroy()
    connection.closeSync()
    instance.closeSync()
    return [
      { name: 'group 1M flights through the door, uncached', value: median(times.a), unit: 'ms' },
      { name: 'the same SQL in DuckDB alone', value: median(times.b), unit: 'ms' },
      { name: 'ratio to DuckDB alone', value: ratioOf(times), unit: '×', bound: '≤ 1.3' },
      { name: 'processor time, the program by DuckDB alone', value: mean(work.ours) / mean(work.alone), unit: '×' },
    ]
  } finally {
    await laputa?.stop()
    removeHome(home)
  }
}

interface Posted {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly agent: Agent
  readonly body: string
}

/** The bytes of the answer: what a client does with them is not measured. */
function post({ url, headers, agent, body }: Posted): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', headers, agent }, (answer) => {
      const parts: Buffer[] = []
      answer.on('data', (part: Buffer) => parts.push(part))
      answer.once('error', reject)
      answer.once('end', () => {
        if (answer.statusCode === 200) resolve(Buffer.concat(parts))
        else reject(new Error(`${url.pathname} answered ${answer.statusCode}: ${Buffer.concat(parts)}`))
      })
    })
    sent.once('error', reject)
    sent.end(body)
  })
}

interface Work {
  readonly ours: number[]
  readonly alone: number[]
}

/** Notes the processor time of some work, as `clock` has it. */
async function noting(times: number[], clock: () => number, work: () => Promise<unknown>): Promise<void> {
  const before = clock()
  await work()
  times.push(clock() - before)
}

function ownTime(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** The fastest run of each turn counts: what else the machine does only ever adds. Of the turns the median. */
function ratioOf({ a, b }: { a: readonly number[]; b: readonly number[] }): number {
  const fastest = (times: readonly number[], turn: number) => Math.min(...times.slice(turn * runs, (turn + 1) * runs))
  return median(Array.from({ length: turns }, (_, turn) => fastest(a, turn) / fastest(b, turn)))
}

const chart = {
  domain: 'flights',
  pipeline: [
    { name: 'filter', condition: { column: 'distance', operator: 'gt', value: 200 } },
    {
      name: 'aggregate',
      on: ['origin', 'destination'],
      aggregations: [
        { columns: ['delay', 'distance'], newcolumns: ['late', 'miles'], aggfunction: 'sum' },
        { columns: ['delay'], newcolumns: ['worst'], aggfunction: 'max' },
      ],
    },
    { name: 'sort', columns: [{ column: 'late', order: 'desc' }] },
  ],
}

/**
 * Columns of a version are named by their position: date, delay, distance, origin, destination. It gives the same answer: sums are 64-bit
 * integers, and groups that tie stand in their own order.
 */
const sqlByHand = `
  SELECT c3 AS origin, c4 AS destination, sum(c1)::BIGINT AS late, sum(c2)::BIGINT AS miles, max(c1) AS worst FROM data
  WHERE c2 > 200 GROUP BY c3, c4 ORDER BY late DESC NULLS LAST, origin, destination`

async function uploadFlights({ send }: Client, path: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  await connection.run(`COPY (SELECT * FROM read_parquet('${flights}') LIMIT ${rows}) TO '${path}' (HEADER)`)
  connection.closeSync()
  instance.closeSync()
  await send('POST', '/small-apps', { id: 'bench', name: 'bench' })
  const form = new FormData()
  form.set('data', JSON.stringify({ domain: 'flights' }))
  form.set('file', await openAsBlob(path), 'flights.csv')
  const { count } = await send('POST', '/bench/data/sources', form)
  if (count !== rows) throw new Error(`${count} flights were uploaded instead of ${rows}`)
  await send('PUT', '/bench/permissions/flights', [{ scope: 'ALL_USERS', effect: 'SEE_ALL' }])
  await send('POST', '/bench/data/release')
}
