import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { newHome, removeHome, type Started, startLaputa } from '../../acceptance/started.ts'
import { prepareCachedApp } from './cached-app.ts'
import { type Load, load, type Target } from './load.ts'
import { type Figure, median } from './measure.ts'

const seconds = 1
const rounds = 21

/**
 * A cached chart with a token and a permission: requests a second of the built program against those of a bare server that checks
 * the same token and sends the same headers and bytes; and what a row rule costs. In turns, so that a noisy machine is noisy for all.
 */
export async function benchCached(): Promise<Figure[]> {
  const home = newHome()
  let laputa: Started | undefined
  let bare: ChildProcess | undefined
  try {
    laputa = await startLaputa({ home, demo: false })
    const { all, ruled } = await prepareCachedApp(laputa)
    const started = await startBare(home, all)
    bare = started.process
    const own = Number(laputa.process.pid)
    const rounds = await inRounds({
      ours: { target: all, pid: own },
      ruled: { target: ruled, pid: own },
      bare: { target: { ...all, url: `${started.url}/bench/data` }, pid: Number(bare.pid) },
    })
    return figuresOf(rounds)
  } finally {
    bare?.kill()
    await laputa?.stop()
    removeHome(home)
  }
}

interface Served {
  readonly target: Target
  readonly pid: number
}
type Round = Readonly<Record<'ours' | 'ruled' | 'bare', Load>>

async function inRounds(served: Readonly<Record<keyof Round, Served>>): Promise<Round[]> {
  const names = ['ours', 'ruled', 'bare'] as const
  const measured: Round[] = []
  // The first round warms them up, and is not counted.
  for (let round = 0; round <= rounds; round++) {
    const loads: Partial<Record<keyof Round, Load>> = {}
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      loads[name] = await load(served[name].target, served[name].pid, seconds)
    }
    measured.push(loads as Round)
  }
  return measured.slice(1)
}

/** Ratios are those of the loads of one round, which ran one after the other: of them the median. */
function figuresOf(rounds: readonly Round[]): Figure[] {
  const of = (value: (round: Round) => number) => median(rounds.map(value))
  return [
    { name: 'cached chart, token and permission: laputa', value: of(({ ours }) => ours.perSecond), unit: '/s' },
    { name: 'the same with a row rule', value: of(({ ruled }) => ruled.perSecond), unit: '/s' },
    { name: 'bare server, same token check, headers and bytes', value: of(({ bare }) => bare.perSecond), unit: '/s' },
    { name: 'processor time of a request: laputa', value: of(({ ours }) => ours.cpuPerRequest), unit: 'µs' },
    {
      name: 'processor time of a request: laputa, row rule',
      value: of(({ ruled }) => ruled.cpuPerRequest),
      unit: 'µs',
    },
    { name: 'processor time of a request: bare server', value: of(({ bare }) => bare.cpuPerRequest), unit: 'µs' },
    {
      name: 'ratio to the bare server',
      value: of(({ ours, bare }) => ours.perSecond / bare.perSecond),
      unit: '×',
      bound: '≥ 0.8',
    },
    {
      name: 'what a rule costs',
      value: of(({ ours, ruled }) => (1 - ruled.perSecond / ours.perSecond) * 100),
      unit: '%',
      bound: '≤ 5',
    },
  ]
}

/** What node sets by itself, or what is another for each answer. */
const ownHeaders: ReadonlySet<string> = new Set(['connection', 'content-length', 'date', 'keep-alive', 'x-request-id'])

async function startBare(home: string, like: Target): Promise<{ process: ChildProcess; url: string }> {
  const response = await fetch(like.url, { method: 'POST', headers: like.headers, body: like.body })
  const given = {
    key: readFileSync(join(home, 'var', 'keys', 'session.key')).toString('base64'),
    headers: Object.fromEntries([...response.headers].filter(([name]) => !ownHeaders.has(name))),
    body: await response.text(),
  }
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', fileURLToPath(new URL('./bare-server.ts', import.meta.url))],
    {
      env: { PATH: process.env.PATH ?? '', BARE_SERVER: JSON.stringify(given) },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const [address] = (await once(child.stdout, 'data')) as [Buffer]
  return { process: child, url: address.toString().trim() }
}
