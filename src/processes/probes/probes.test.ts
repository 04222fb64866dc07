import { spawnSync } from 'node:child_process'
import { afterEach, describe, expect, it } from 'vitest'
import { silentLog } from '../../base/index.ts'
import { answerProbe, type ProcessState, starting, stuckAfterMs } from './answer-probe.ts'
import { openProbes, type Probes } from './open-probes.ts'

const running: ProcessState = { started: true, ending: false, failed: [], missing: [] }

describe('the verdict on a process', () => {
  const verdicts = (state: ProcessState, silentMs = 0) =>
    ['live', 'started', 'ready'].map((name) => answerProbe(`/health/${name}`, state, silentMs)?.body.status)

  it.each([
    ['that starts', starting, ['ok', 'starting', 'starting']],
    ['that works', running, ['ok', 'ok', 'ok']],
    ['without a part that it needs', { ...running, failed: ['store'] }, ['ok', 'ok', 'failed']],
    ['without a part that it can do without', { ...running, missing: ['bus'] }, ['ok', 'ok', 'ok']],
    ['that ends', { ...running, ending: true }, ['ok', 'ok', 'ending']],
    ['that is asked to end while it starts', { ...starting, ending: true }, ['ok', 'starting', 'ending']],
  ] as const)('%s', (_, state, expected) => {
    expect(verdicts(state)).toEqual(expected)
  })

  it('whose loop stands still is neither live nor ready', () => {
    expect(verdicts(running, stuckAfterMs)).toEqual(['ok', 'ok', 'ok'])
    expect(verdicts(running, stuckAfterMs + 1)).toEqual(['stuck', 'ok', 'stuck'])
    expect(answerProbe('/health/live', running, stuckAfterMs + 1)?.status).toBe(503)
  })

  it('names what does not answer, and nothing else is a probe', () => {
    const state = { ...running, failed: ['store'], missing: ['bus'], details: { workers: 2 } }
    expect(answerProbe('/health/ready', state, 0)).toEqual({
      status: 503,
      body: { status: 'failed', failed: ['store'], missing: ['bus'], workers: 2 },
    })
    for (const path of ['/health', '/health/', '/', '/health/live/', '/metrics']) {
      expect(answerProbe(path, state, 0)).toBe(null)
    }
  })
})

describe('the thread that answers probes', () => {
  let probes: Probes | undefined
  afterEach(() => probes?.close())
  const open = async (metrics = async () => ({ type: 'text/plain; version=0.0.4', text: 'some 1\n' })) => {
    probes = await openProbes({ address: { host: '127.0.0.1', port: 0 }, metrics, log: silentLog })
    return probes
  }
  const url = (path: string) => `http://127.0.0.1:${probes?.address.port}${path}`
  const ask = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(url(path), init)
    return [response.status, await response.text()]
  }

  it('says what it was told last', async () => {
    const { say } = await open()
    expect(await ask('/health/started')).toEqual([503, '{"status":"starting","failed":[],"missing":[]}'])
    say(running)
    await expect.poll(() => ask('/health/ready')).toEqual([200, '{"status":"ok","failed":[],"missing":[]}'])
    say({ ...running, failed: ['store'] })
    await expect.poll(() => ask('/health/ready')).toEqual([503, '{"status":"failed","failed":["store"],"missing":[]}'])
    expect((await ask('/health/live'))[0]).toBe(200)
  })

  it('hands on the metrics, and says so when they cannot be had', async () => {
    await open()
    const response = await fetch(url('/metrics'))
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      200,
      'text/plain; version=0.0.4',
      'some 1\n',
    ])
    await probes?.close()
    await open(() => new Promise(() => {}))
    expect(await ask('/metrics')).toEqual([503, '{"status":"busy"}'])
  })

  it('answers nothing else', async () => {
    await open()
    expect((await ask('/'))[0]).toBe(404)
    expect((await ask('/health/live', { method: 'POST', body: 'x' }))[0]).toBe(405)
    expect((await ask(`/${'x'.repeat(20_000)}`))[0]).toBe(431)
  })

  it('answers while this thread does not, and says when that lasts', async () => {
    const { say } = await open()
    say(running)
    await expect.poll(() => ask('/health/ready').then(([status]) => status)).toBe(200)
    // This call keeps the loop of this thread still until the other program has asked, early and late.
    const asking = `
      const askAll = () => Promise.all(['live', 'ready'].map((name) => fetch('${url('/health/')}' + name)))
      const askAfter = (ms) => new Promise((resolve) => setTimeout(() => resolve(askAll()), ms))
      Promise.all([askAfter(1500), askAfter(${stuckAfterMs + 1000})]).then((answers) => {
        process.stdout.write(JSON.stringify(answers.flat().map(({ status }) => status)))
      })`
    expect(spawnSync(process.execPath, ['-e', asking]).stdout.toString()).toBe('[200,200,503,503]')
    await expect.poll(() => ask('/health/live').then(([status]) => status), { timeout: 5000 }).toBe(200)
  }, 40_000)

  it('refuses a port that somebody else has, naming the setting', async () => {
    const { address } = await open()
    await expect(openProbes({ address, metrics: () => Promise.reject(), log: silentLog })).rejects.toMatchObject({
      code: 'config_invalid',
      errors: [{ path: 'health.port' }],
    })
  })
})
