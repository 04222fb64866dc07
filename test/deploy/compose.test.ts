import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { type Config, loadConfig } from '../../src/config/index.ts'
import { bytes, read, refusalOf, root, seconds, unknownSettings, webMemory, workerMemory } from './checks.ts'

const text = read('deploy/docker/docker-compose.yml')
const example = read('deploy/docker/example.env')
const duration = z.string().regex(/^\d+s$/)

/** As much of the Compose Specification as the file uses; a name that is not in it is a mistake. */
const service = z.strictObject({
  image: z.string().regex(/^[a-z][a-z0-9/-]*(:[\w.-]+)?$/),
  build: z.strictObject({ context: z.string(), dockerfile: z.string() }).optional(),
  command: z.array(z.string()).optional(),
  restart: z.enum(['no', 'always', 'on-failure', 'unless-stopped']),
  init: z.boolean().optional(),
  read_only: z.boolean().optional(),
  tmpfs: z.array(z.string()).optional(),
  cap_drop: z.array(z.literal('ALL')).optional(),
  security_opt: z.array(z.literal('no-new-privileges:true')).optional(),
  environment: z.record(z.string().regex(/^[A-Z][A-Z0-9_]*$/), z.string()).optional(),
  depends_on: z.record(z.string(), z.strictObject({ condition: z.literal('service_healthy') })).optional(),
  volumes: z.array(z.string()).optional(),
  ports: z.array(z.string().regex(/^\d+:\d+$/)).optional(),
  healthcheck: z
    .strictObject({ test: z.array(z.string()), interval: duration, timeout: duration, retries: z.int() })
    .optional(),
  stop_grace_period: duration.optional(),
  mem_limit: z
    .string()
    .regex(/^\d+[mg]$/)
    .optional(),
})
const composeFile = z.strictObject({
  name: z.string(),
  'x-laputa': z.unknown(),
  services: z.record(z.string(), service),
  volumes: z.record(z.string(), z.null()),
})

const file = composeFile.parse(parse(text, { merge: true }))
const services = Object.entries(file.services)
const ours = services.filter(([, { image }]) => image === 'laputa')

/** What the shell of Compose makes of a text: each variable is given its own name, long enough for any key. */
const filledIn = (value: string) => value.replace(/\$\{(\w+):\?[^}]+\}/g, (_, name: string) => name.repeat(6))

function configOf({ environment = {} }: z.infer<typeof service>): Config {
  const env = Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, filledIn(value)]))
  return loadConfig({ env, cwd: root })
}

describe('docker-compose.yml', () => {
  it('runs every role, and the servers that they need', () => {
    expect(services.map(([name]) => name).sort()).toEqual([
      'gotenberg',
      'live',
      'mongo',
      'proxy',
      'redis',
      'scheduler',
      'web',
      'worker',
    ])
    expect(ours.map(([name, { command }]) => [name, command])).toEqual(
      ['web', 'worker', 'live', 'scheduler'].map((name) => [name, ['start', '--only', name]]),
    )
  })

  it.each(ours)('%s is started as the program can be', (_, one) => {
    expect(refusalOf(one.command ?? [])).toBe(null)
    expect(unknownSettings(Object.keys(one.environment ?? {}))).toEqual([])
    const config = configOf(one)
    expect([config.store.kind, config.rows.kind, config.bus.kind]).toEqual(['mongo', 'mongo', 'redis'])
  })

  it.each(ours)('%s may do little', (_, one) => {
    expect(one).toMatchObject({
      init: true,
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      mem_limit: expect.any(String),
      restart: 'unless-stopped',
    })
  })

  it('gives them the memory that their settings let them take', () => {
    for (const [name, needed] of Object.entries({ web: webMemory, worker: workerMemory })) {
      const one = service.parse(file.services[name])
      expect(bytes(one.mem_limit ?? '')).toBeGreaterThan(needed(configOf(one)))
    }
  })

  it('has no password of its own, and none by default', () => {
    // `${A:?why}` stops the start when A is not set or empty; every other form goes on without it.
    for (const [, form = ''] of text.matchAll(/\$\{?(\w+[^}]*)\}?/g)) expect(form).toMatch(/^\w+:\?.+$/)
    for (const [, { environment = {} }] of services) {
      for (const [name, value] of Object.entries(environment)) {
        if (/PASSWORD|KEY|URL|AUTH$/.test(name))
          expect([name, value]).toEqual([name, expect.stringMatching(/\$\{\w+:\?/)])
      }
    }
    const used = new Set([...text.matchAll(/\$\{(\w+)/g)].map(([, name]) => name))
    const named = [...example.matchAll(/^(\w+)=(.*)$/gm)]
    expect(new Set(named.map(([, name]) => name))).toEqual(used)
    expect(named.map(([, , value]) => value)).toEqual(named.map(() => ''))
  })

  it('publishes the proxy alone', () => {
    expect(services.filter(([, { ports }]) => ports).map(([name]) => name)).toEqual(['proxy'])
  })

  it('names versions of the images of others, and files that exist', () => {
    for (const [name, { image, volumes = [], build }] of services) {
      if (build) expect(existsSync(join(root, build.context, build.dockerfile))).toBe(true)
      else expect([name, image]).toEqual([name, expect.stringMatching(/:\d[\w.-]*$/)])
      for (const volume of volumes) {
        const [source = ''] = volume.split(':')
        if (!source.startsWith('.')) expect(Object.keys(file.volumes)).toContain(source)
        // What people put there themselves.
        else if (!source.endsWith('/tls')) expect([source, existsSync(join(root, source))]).toEqual([source, true])
      }
    }
  })

  it('waits for what is there and says how it is', () => {
    const reporting = services.filter(([, { healthcheck, image }]) => healthcheck || image === 'laputa')
    for (const [, { depends_on = {} }] of services) {
      for (const name of Object.keys(depends_on)) expect(reporting.map(([known]) => known)).toContain(name)
    }
  })

  it('gives the worker more time to end than its jobs may take', () => {
    const { jobs } = loadConfig({ env: {}, cwd: root })
    expect(seconds(file.services.worker?.stop_grace_period ?? '')).toBeGreaterThan(jobs.drain + 15_000)
  })
})

describe('nginx/laputa.conf', () => {
  const nginx = read('deploy/nginx/laputa.conf').replace(/^\s*#.*$/gm, '')

  it('has its braces in pairs and ends each directive', () => {
    const lines = nginx.split('\n').map((line) => line.trim())
    expect(lines.filter((line) => line !== '' && !/[;{}]$/.test(line))).toEqual([])
    expect(nginx.split('{')).toHaveLength(nginx.split('}').length)
  })

  it('leads to the ports of the roles', () => {
    const { http, live } = loadConfig({ env: {}, cwd: root })
    expect(nginx).toContain(`server web:${http.port} resolve;`)
    expect(nginx).toContain(`server live:${live.port} resolve;`)
  })

  it('looks names up again, which nginx does with a resolver, in upstreams with a zone', () => {
    expect(nginx).toMatch(/^resolver \S+ valid=\d+s;$/m)
    const upstreams = [...nginx.matchAll(/^upstream \w+ \{([^}]+)\}/gm)].map(([, block = '']) => block)
    expect(upstreams).toHaveLength(2)
    for (const block of upstreams) expect(block).toMatch(/^\s*zone \w+ \d+k;/)
    const [, major, minor] = /^nginx:(\d+)\.(\d+)-/.exec(file.services.proxy?.image ?? '') ?? []
    expect(Number(major) * 1000 + Number(minor)).toBeGreaterThanOrEqual(1028)
  })
})
