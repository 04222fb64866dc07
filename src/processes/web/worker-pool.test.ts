import { fork } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, expect, it } from 'vitest'
import { silentLog } from '../../base/index.ts'
import { createMetrics } from '../metrics.ts'
import { createWorkerPool, type PoolDeps, type WorkerPool } from './worker-pool.ts'

const folder = mkdtempSync(join(tmpdir(), 'laputa-pool-'))
const script = join(folder, 'worker.mjs')
const values = JSON.stringify(await countedOnce())

/** A worker as its master sees it, which does what its argument says. */
writeFileSync(
  script,
  `
  const [, , behaviour, folder] = process.argv
  const { writeFileSync } = await import('node:fs')
  writeFileSync(folder + '/' + process.pid, '')
  if (behaviour === 'dies at once') process.exit(1)
  if (behaviour === 'is refused') process.exit(78)
  if (behaviour === 'answers late') await new Promise((resolve) => setTimeout(resolve, 600))
  process.send({ kind: 'listening', address: 'http://127.0.0.1:1' })
  process.send({ kind: 'state', state: { started: true, ending: false, failed: [], missing: [] } })
  if (behaviour === 'tells nonsense') process.send({ kind: 'page', id: 1 })
  if (behaviour !== 'falls silent') setInterval(() => process.send({ kind: 'beat' }), 100)
  process.on('disconnect', () => process.exit(0))
  process.on('message', ({ kind, id }) => {
    if (kind === 'end' && behaviour !== 'does not end') process.exit(0)
    if (kind === 'metrics' && behaviour !== 'tells nothing') process.send({ kind, id, values: behaviour === 'tells nonsense' ? 'none' : ${values} })
  })
  `,
)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let pool: WorkerPool
let started: string
afterEach(async () => {
  const left = pool.members()
  pool.kill()
  await Promise.all(left.map((member) => member.exited))
})

async function countedOnce() {
  const metrics = createMetrics({ role: 'web', version: '0.0.0' })
  metrics.request({ method: 'GET', route: '/me', status: 200, ms: 3 })
  return metrics.values()
}

function aPool(behaviours: string | readonly string[], options: Partial<PoolDeps> = {}): WorkerPool {
  started = mkdtempSync(join(folder, 'started-'))
  let forks = 0
  const next = () => (typeof behaviours === 'string' ? behaviours : (behaviours[forks++] ?? 'works'))
  pool = createWorkerPool({
    size: 2,
    fork: () => fork(script, [next(), started]),
    log: silentLog,
    giveUp: () => {},
    pauses: { firstMs: 10, mostMs: 300 },
    ...options,
  })
  return pool
}

const pids = () => pool.members().map(({ pid }) => pid)
/** Of all that were ever started: none may live outside of the pool. */
const alive = () => readdirSync(started).map(Number).filter(isAlive).sort()
const allListen = () => expect.poll(() => pool.members().every((member) => member.isListening())).toBe(true)
const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

it('starts as many as it should, and another one for each that dies', async () => {
  aPool('works')
  expect(await pool.listening).toBe('http://127.0.0.1:1')
  await allListen()
  const [first = 0, second] = pids()
  process.kill(first, 'SIGKILL')
  await expect.poll(() => pids()[0]).not.toBe(first)
  await allListen()
  expect(pids()[1]).toBe(second)
})

it('starts one that dies at once less and less often', async () => {
  aPool('dies at once', { size: 1 })
  await sleep(2000)
  const starts = readdirSync(started).length
  expect(starts).toBeGreaterThan(4)
  // Without pauses it were some 40.
  expect(starts).toBeLessThan(16)
})

it('gives up on a worker whose configuration is refused', async () => {
  const code = await new Promise((resolve) => aPool('is refused', { giveUp: resolve }))
  expect(code).toBe(78)
  await sleep(200)
  expect(readdirSync(started)).toHaveLength(2)
})

it('kills one that is not heard of any more', async () => {
  aPool(['falls silent', 'works'], { silentBeats: 2 })
  await allListen()
  const [silent, works] = pids()
  await expect.poll(() => pids()[0], { timeout: 8000 }).not.toBe(silent)
  expect(pids()[1]).toBe(works)
})

it('replaces them one after the other, and some of them always answer', async () => {
  aPool('works')
  await allListen()
  const former = pids()
  let fewest = 2
  const watching = setInterval(() => {
    fewest = Math.min(fewest, pool.members().filter((member) => member.isListening() && isAlive(member.pid)).length)
  }, 5)
  expect(await pool.replaceAll(1000)).toBe(true)
  clearInterval(watching)
  expect(fewest).toBe(2)
  for (const pid of former) {
    expect(pids()).not.toContain(pid)
    expect(isAlive(pid)).toBe(false)
  }
})

it('replaces them once when it is asked again meanwhile', async () => {
  aPool('works')
  await allListen()
  expect(await Promise.all([pool.replaceAll(1000), pool.replaceAll(1000)])).toEqual([true, true])
  expect(readdirSync(started)).toHaveLength(4)
  expect(alive()).toEqual(pids().sort())
  expect(await pool.replaceAll(1000)).toBe(true)
  expect(readdirSync(started)).toHaveLength(6)
  expect(alive()).toEqual(pids().sort())
})

it('ends the one that has the place then, where the former one died while others were replaced', async () => {
  aPool(['works', 'works', 'answers late'])
  await allListen()
  const [, former = 0] = pids()
  const replaced = pool.replaceAll(1000)
  process.kill(former, 'SIGKILL')
  await expect.poll(() => pids()[1]).not.toBe(former)
  expect(await replaced).toBe(true)
  expect(readdirSync(started)).toHaveLength(5)
  expect(alive()).toEqual(pids().sort())
})

it('starts none in the place of a dead one that was given a successor before its time came', async () => {
  aPool('works', { size: 1, pauses: { firstMs: 1000, mostMs: 1000 } })
  await allListen()
  const [former] = pool.members()
  process.kill(former?.pid ?? 0, 'SIGKILL')
  await former?.exited
  expect(former?.isListening()).toBe(false)
  expect(await pool.replaceAll(1000)).toBe(true)
  await sleep(1200)
  expect(readdirSync(started)).toHaveLength(2)
  expect(alive()).toEqual(pids())
})

it('starts another one for one that cannot be started', async () => {
  let forks = 0
  const execPath = () => (forks++ === 0 ? join(folder, 'none') : process.execPath)
  aPool('works', { size: 1, fork: () => fork(script, ['works', started], { execPath: execPath() }) })
  await allListen()
  expect(forks).toBe(2)
})

it('bears one that tells nonsense', async () => {
  aPool('tells nonsense', { size: 1 })
  await allListen()
  const former = pids()
  await sleep(300)
  await expect(pool.page()).rejects.toThrow()
  expect(pids()).toEqual(former)
})

it('leaves all as they are when the successor of one does not come to answer', async () => {
  aPool(['works', 'works', 'dies at once'])
  await allListen()
  const former = pids()
  expect(await pool.replaceAll(1000)).toBe(false)
  expect(pids()).toEqual(former)
  expect(former.every(isAlive)).toBe(true)
})

it('asks them to end, and kills what does not', async () => {
  aPool(['works', 'does not end'])
  await allListen()
  const former = pids()
  const began = performance.now()
  await pool.end(500)
  expect(performance.now() - began).toBeGreaterThan(450)
  expect(former.some(isAlive)).toBe(false)
  await sleep(100)
  expect(pids()).toEqual(former)
})

it('adds up the metrics of those that tell them', async () => {
  aPool('works')
  await allListen()
  const { text } = await pool.page()
  expect(text).toContain('laputa_http_requests_total{method="GET",route="/me",status="200"} 2\n')
  expect(text).toContain('laputa_info{version="0.0.0",role="web"} 1\n')
  pool.kill()
  aPool(['works', 'tells nothing'])
  await allListen()
  expect((await pool.page()).text).toContain('laputa_http_requests_total{method="GET",route="/me",status="200"} 1\n')
})
