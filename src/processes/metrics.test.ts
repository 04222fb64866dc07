import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Histogram, Registry } from 'prom-client'
import { afterEach, describe, expect, it } from 'vitest'
import { silentLog } from '../base/index.ts'
import { loadConfig } from '../config/index.ts'
import type { CacheStats } from '../data/index.ts'
import { compose } from './compose.ts'
import { createMetrics, sumOfMetrics } from './metrics.ts'
import { watchedJob } from './watched-job.ts'

const made = () => createMetrics({ role: 'web', version: '1.2.3' })

it('counts requests by the pattern of their route, and how long they took', async () => {
  const metrics = made()
  metrics.request({ method: 'GET', route: '/:app/data', status: 200, ms: 30 })
  metrics.request({ method: 'GET', route: '/:app/data', status: 200, ms: 3000 })
  metrics.request({ method: 'GET', route: '/:app/data', status: 403, ms: 1 })
  const { text, type } = await metrics.page()
  expect(type).toMatch(/^text\/plain; version=0\.0\.4/)
  expect(text).toContain('laputa_http_requests_total{method="GET",route="/:app/data",status="200"} 2\n')
  expect(text).toContain('laputa_http_requests_total{method="GET",route="/:app/data",status="403"} 1\n')
  expect(text).toContain('laputa_http_request_duration_seconds_bucket{le="0.05",method="GET",route="/:app/data"} 2\n')
  expect(text).toContain('laputa_http_request_duration_seconds_count{method="GET",route="/:app/data"} 3\n')
  expect(text).toContain('laputa_info{version="1.2.3",role="web"} 1\n')
  expect(text).toMatch(/^process_resident_memory_bytes \d+$/m)
  expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m)
})

it('says of each part whether it answers', async () => {
  const metrics = made()
  metrics.parts({ failed: ['store'], missing: [] }, ['store', 'bus'])
  expect((await metrics.page()).text).toMatch(/laputa_part_up\{part="store"\} 0\nlaputa_part_up\{part="bus"\} 1\n/)
})

it('reads what others know when it is asked, and bears that they do not answer', async () => {
  const metrics = made()
  let waiting = 3
  metrics.watchQueues(async () => {
    if (waiting < 0) throw new Error('no bus')
    return { fast: { waiting, running: 1, dead: 0 } }
  })
  metrics.watchClients(() => 7)
  expect((await metrics.page()).text).toContain('laputa_queue_jobs{queue="fast",state="waiting"} 3\n')
  waiting = 0
  const { text } = await metrics.page()
  expect(text).toContain('laputa_queue_jobs{queue="fast",state="waiting"} 0\n')
  expect(text).toContain('laputa_live_clients 7\n')
  waiting = -1
  expect((await metrics.page()).text).not.toContain('laputa_queue_jobs{')
})

it('watches anew in another attempt to start, and forgets what the one before knew', async () => {
  const metrics = made()
  const stats = (hits: number) => ({ served: { hit: hits }, memory: { bytes: hits } }) as unknown as CacheStats
  for (const attempt of [1, 2]) {
    metrics.watchCache(() => stats(attempt))
    metrics.watchClients(() => attempt)
    metrics.watchQueues(async () => ({ fast: { waiting: attempt, running: 0, dead: 0 } }))
  }
  const { text } = await metrics.page()
  expect(text.match(/^laputa_(cache|live|queue).*waiting.*|^laputa_(cache|live).*/gm)).toEqual([
    'laputa_cache_answers_total{outcome="hit"} 2',
    'laputa_cache_memory_bytes 2',
    'laputa_live_clients 2',
    'laputa_queue_jobs{queue="fast",state="waiting"} 2',
  ])
})

it('tells how long requests took as the library does that it spares', async () => {
  const name = 'laputa_http_request_duration_seconds'
  const help = 'How long requests took, until their answers were sent.'
  const buckets = [0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30]
  const registry = new Registry()
  const histogram = new Histogram({ name, help, labelNames: ['method', 'route'], buckets, registers: [registry] })
  const metrics = made()
  for (const [index, ms] of [0, 1, 1.5, 20, 20.001, 49.9, 500, 2500, 30_000, 30_001, 1e6].entries()) {
    const [method, route] = [index % 2 === 0 ? 'GET' : 'POST', index % 3 === 0 ? '/me' : '/:app/data']
    metrics.request({ method, route, status: 200, ms })
    histogram.observe({ method, route }, ms / 1000)
  }
  const expected = (await registry.metrics()).trim()
  expect(expected.split('\n').length).toBeGreaterThan(50)
  expect((await metrics.page()).text).toContain(expected)
  const ours = (await sumOfMetrics([await metrics.values()])).text
  expect(ours).toContain((await sumOfMetrics([await registry.getMetricsAsJSON()])).text.trim())
})

it('counts jobs by how they ended', async () => {
  const metrics = made()
  const stopping = new AbortController()
  const watch = watchedJob(metrics.job)
  const run = (how: () => Promise<null>) => {
    const definition = { name: 'refresh', version: 1, queue: 'heavy', retries: 0, run: how } as never
    return watch(definition).run({ signal: stopping.signal } as never, {})
  }
  const fails = async () => {
    throw new Error('no')
  }
  expect(await run(async () => null)).toBe(null)
  await expect(run(fails)).rejects.toThrow('no')
  stopping.abort()
  await expect(run(fails)).rejects.toThrow('no')
  const { text } = await metrics.page()
  for (const outcome of ['done', 'failed', 'stopped']) {
    expect(text).toContain(`laputa_jobs_total{job="refresh",outcome="${outcome}"} 1\n`)
  }
})

it('adds up those of several processes; what all of them know alike is not added', async () => {
  const both = [made(), made()]
  for (const [index, metrics] of both.entries()) {
    metrics.request({ method: 'GET', route: '/me', status: 200, ms: 1 })
    metrics.parts({ failed: index === 0 ? ['bus'] : [], missing: [] }, ['store', 'bus'])
    metrics.watchQueues(async () => ({ fast: { waiting: 4, running: 0, dead: 0 } }))
  }
  const { text } = await sumOfMetrics(await Promise.all(both.map((metrics) => metrics.values())))
  expect(text).toContain('laputa_http_requests_total{method="GET",route="/me",status="200"} 2\n')
  expect(text).toMatch(/laputa_part_up\{part="store"\} 1\nlaputa_part_up\{part="bus"\} 0\n/)
  expect(text).toContain('laputa_queue_jobs{queue="fast",state="waiting"} 4\n')
  expect(text).toContain('laputa_info{version="1.2.3",role="web"} 1\n')
})

describe('/metrics on the port of everybody', () => {
  const home = mkdtempSync(join(tmpdir(), 'laputa-metrics-'))
  const closers: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const close of closers.splice(0)) await close()
    rmSync(home, { recursive: true, force: true })
  })
  const served = async (env: Record<string, string>) => {
    const config = loadConfig({ env: { LAPUTA_HOME: home, ...env } })
    const { server, close } = await compose({ config, log: silentLog, version: '0.0.0', metrics: made() })
    closers.push(close)
    return (url: string) => server.inject({ method: 'GET', url })
  }

  it('is there where the setting says so, and tells nothing of what was asked', async () => {
    const get = await served({ LAPUTA_HEALTH__PUBLIC_METRICS: 'true' })
    await get('/health/live?token=hidden')
    await get('/secret-app/operations')
    await get('/no/such/place')
    const { statusCode, headers, body } = await get('/metrics')
    expect([statusCode, headers['content-type']]).toEqual([200, expect.stringMatching(/^text\/plain/)])
    expect(body).toContain('laputa_http_requests_total{method="GET",route="/health/live",status="200"} 1\n')
    expect(body).toContain('route="/:app/operations",status="401"} 1\n')
    expect(body).toContain('route="none",status="404"} 1\n')
    expect(body).not.toMatch(/secret|hidden|no\/such/)
  })

  it('is not there otherwise', async () => {
    const get = await served({})
    expect((await get('/metrics')).statusCode).toBe(404)
  })
})
