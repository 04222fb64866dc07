import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { loadConfig } from '../../src/config/index.ts'
import { read, refusalOf, root, unknownSettings } from './checks.ts'

interface Instruction {
  readonly name: string
  readonly words: string
}

const names = ['FROM', 'WORKDIR', 'COPY', 'RUN', 'ENV', 'VOLUME', 'USER', 'EXPOSE', 'HEALTHCHECK', 'ENTRYPOINT', 'CMD']
const path = 'deploy/docker/Dockerfile'

function instructionsOf(text: string): Instruction[] {
  return text
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name = '', words = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? []
      return { name, words: words.replace(/\s+/g, ' ') }
    })
}

const all = instructionsOf(read(path))
const stages = all
  .flatMap(({ name }, at) => (name === 'FROM' ? [at] : []))
  .map((at, index, starts) => all.slice(at, starts[index + 1]))
const last = stages.at(-1) ?? []
const of = (stage: readonly Instruction[], wanted: string) =>
  stage.filter(({ name }) => name === wanted).map(({ words }) => words)

it('says nothing but what Dockerfiles know, and nothing is fetched past the package manager', () => {
  expect(all.filter(({ name }) => !names.includes(name))).toEqual([])
  expect(of(all, 'RUN').filter((words) => /curl|wget|https?:/.test(words))).toEqual([])
})

it('begins each stage with an image of a full version, the one that the program runs on', () => {
  const engines = JSON.parse(read('package.json')).engines.node as string
  for (const words of of(all, 'FROM')) {
    const [, version] = /^node:(\d+\.\d+)\.\d+-bookworm-slim( AS \w+)?$/.exec(words) ?? []
    expect(engines).toContain(`>=${version}`)
  }
  expect(stages).toHaveLength(2)
})

it('copies what exists, and only what is let into the build', () => {
  const allowed = read('deploy/docker/Dockerfile.dockerignore')
    .split('\n')
    .flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []))
  for (const words of of(all, 'COPY').filter((one) => !one.startsWith('--from='))) {
    for (const source of words.split(' ').slice(0, -1)) {
      expect([source, existsSync(join(root, source))]).toEqual([source, true])
      expect(allowed).toContain(source)
    }
  }
})

it('builds with exactly the locked packages, without running their scripts', () => {
  const runs = of(stages[0] ?? [], 'RUN').join(' && ')
  expect(runs).toContain('npm ci --ignore-scripts')
  expect(runs).not.toMatch(/npm (install|i) /)
  expect(runs).toContain('npm prune --omit=dev')
})

it('runs as somebody without rights, after everything that needs some', () => {
  expect(of(last, 'USER')).toEqual(['node'])
  const at = last.findIndex(({ name }) => name === 'USER')
  expect(last.slice(at).filter(({ name }) => name === 'RUN' || name === 'COPY')).toEqual([])
})

it('starts the program in a form that gets signals, with settings that exist', () => {
  const [entry = '[]', command = '[]'] = [of(last, 'ENTRYPOINT')[0], of(last, 'CMD')[0]]
  expect(JSON.parse(entry)).toEqual(['node', JSON.parse(read('package.json')).bin.laputa])
  expect(refusalOf(JSON.parse(command))).toBe(null)
  const env = Object.fromEntries(
    of(last, 'ENV').flatMap((words) => words.split(' ').map((pair) => pair.split('=') as [string, string])),
  )
  expect(unknownSettings(Object.keys(env))).toEqual([])
  const { home, health, http, live } = loadConfig({ env, cwd: root })
  expect(of(last, 'VOLUME')).toEqual([home])
  const ports = [http.port, live.port, ...[0, 1, 2, 3].map((offset) => health.port + offset)]
  expect(of(last, 'EXPOSE')).toEqual([ports.join(' ')])
})

it('asks the probes whether it is well', () => {
  const [check = ''] = of(last, 'HEALTHCHECK')
  const [, script = ''] = /CMD \["node", "([^"]+)"\]$/.exec(check) ?? []
  expect(existsSync(join(root, script))).toBe(true)
  expect(of(last, 'COPY')).toContain(`${script} ${script}`)
})

it('takes the answer of the one role that runs', async () => {
  let status = 200
  const asked: (string | undefined)[] = []
  const probes = createServer((request, response) => {
    asked.push(request.url)
    response.writeHead(status).end()
  }).listen(0, '127.0.0.1')
  await once(probes, 'listening')
  // As the role with the offset 3 has it.
  const first = String((probes.address() as AddressInfo).port - 3)
  const exitCode = async () => {
    const env = { PATH: process.env.PATH, LAPUTA_HEALTH__PORT: first }
    const [code] = await once(spawn(process.execPath, [join(root, 'deploy/docker/health-check.mjs')], { env }), 'exit')
    return code
  }
  try {
    expect(await exitCode()).toBe(0)
    status = 503
    expect(await exitCode()).toBe(1)
    expect(asked).toEqual(['/health/ready', '/health/ready'])
  } finally {
    probes.close()
  }
  expect(await exitCode()).toBe(1)
})
