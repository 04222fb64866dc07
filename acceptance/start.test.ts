import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { signIn } from './client.ts'
import { newHome, removeHome, type Started, type StartOptions, startLaputa } from './started.ts'

const homes: string[] = []
function home(): string {
  const made = newHome()
  homes.push(made)
  return made
}
afterAll(async () => {
  // Also those that a failed test did not come to stop.
  for (const one of running) await one.kill()
  for (const made of homes) removeHome(made)
})

const running: Started[] = []
async function start(options: StartOptions): Promise<Started> {
  const started = await startLaputa(options)
  running.push(started)
  return started
}

function residentMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
}

describe('the first start', () => {
  it('makes credentials, prints them once and keeps them for their owner alone', async () => {
    const where = home()
    const first = await start({ home: where })
    const file = join(where, 'var', 'demo-credentials.json')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(Object.keys(first.credentials)).toHaveLength(5)
    for (const password of Object.values(first.credentials)) {
      expect(password.length).toBeGreaterThanOrEqual(16)
      expect(first.output().split(password)).toHaveLength(2)
    }
    expect(await first.stop()).toBe(0)
    const second = await start({ home: where })
    for (const password of Object.values(second.credentials)) expect(second.output()).not.toContain(password)
    expect(second.credentials).toEqual(first.credentials)
    expect((await (await signIn(second, 'texas-viewer')).get('/me')).status).toBe(200)
    expect(await second.stop()).toBe(0)
  })

  it('generates different passwords in another home', async () => {
    const [one, two] = [await start({ home: home() }), await start({ home: home() })]
    expect(one.credentials['demo-admin']).not.toBe(two.credentials['demo-admin'])
    await Promise.all([one.stop(), two.stop()])
  })

  it('without the demo makes one administrator', async () => {
    const where = home()
    const started = await start({ home: where, demo: false })
    const credentials = JSON.parse(readFileSync(join(where, 'var', 'admin-credentials.json'), 'utf8')) as Record<
      string,
      string
    >
    expect(Object.keys(credentials)).toEqual(['admin'])
    const admin = await signIn(started, 'admin', credentials.admin)
    expect(await (await admin.get('/small-apps')).json()).toEqual([])
    await started.stop()
  })
})

describe('a later start', () => {
  it('rests under 200 MB after it has answered', async () => {
    const where = home()
    await (await start({ home: where })).stop()
    const started = await start({ home: where })
    const viewer = await signIn(started, 'texas-viewer')
    await viewer.data('demo', { domain: 'birdstrikes', pipeline: [] })
    await (await fetch(`${started.url}/console/`)).text()
    await sleep(2000)
    expect(residentMiB(started.process.pid ?? 0)).toBeLessThan(200)
    await started.stop()
  })

  it('refuses a home that another process uses', async () => {
    const where = home()
    const started = await start({ home: where })
    await expect(start({ home: where })).rejects.toThrow(/Another process \(pid \d+\) uses this home/)
    await started.stop()
  })

  it('lists every problem of the configuration and does not start', async () => {
    const env = { LAPUTA_HTTP__PORT: 'many', LAPUTA_QUERY__MAX_ROWS: '-1', LAPUTA_HTPP__HOST: 'x' }
    const failed = start({ home: home(), env })
    await expect(failed).rejects.toThrow(/http\.port[\s\S]*query\.max_rows|query\.max_rows[\s\S]*http\.port/)
    await expect(failed).rejects.toThrow(/htpp/i)
  })
})
