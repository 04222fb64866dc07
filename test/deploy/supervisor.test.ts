import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { loadConfig } from '../../src/config/index.ts'
import { findProgram } from '../services/program.ts'
import { read, refusalOf, root, unknownSettings } from './checks.ts'

const text = read('deploy/supervisor/laputa.conf')

/** Sections, and their settings by name. */
function sectionsOf(ini: string): Map<string, Map<string, string>> {
  const sections = new Map<string, Map<string, string>>()
  let current = new Map<string, string>()
  for (const line of ini.split('\n')) {
    const section = /^\[(.+)\]$/.exec(line)?.[1]
    const [, name, value] = /^(\w+)=(.+)$/.exec(line) ?? []
    if (section !== undefined) {
      current = new Map()
      sections.set(section, current)
    } else if (name !== undefined && value !== undefined) current.set(name, value)
    else if (line !== '' && !line.startsWith(';')) throw new Error(`not a line of a configuration: ${line}`)
  }
  return sections
}

const sections = sectionsOf(text)
const programs = [...sections].flatMap(([name, settings]) =>
  name.startsWith('program:laputa-') ? [[name.slice('program:laputa-'.length), settings] as const] : [],
)
const names = [
  ...['command', 'directory', 'user', 'umask', 'environment', 'priority', 'autostart', 'autorestart', 'exitcodes'],
  ...['startsecs', 'startretries', 'stopsignal', 'stopwaitsecs', 'stopasgroup', 'killasgroup', 'redirect_stderr'],
  ...['stdout_logfile', 'stdout_logfile_maxbytes', 'stdout_logfile_backups'],
]

describe('supervisor/laputa.conf', () => {
  it('runs every role, and in no group: supervisor stops those of a group all at once', () => {
    expect(programs.map(([name]) => name)).toEqual(['worker', 'web', 'live', 'scheduler'])
    expect([...sections.keys()].filter((name) => !name.startsWith('program:'))).toEqual([])
  })

  it.each(programs)('%s has settings that supervisor knows, and all of them', (_, settings) => {
    expect([...settings.keys()].sort()).toEqual([...names].sort())
  })

  it.each(programs)('%s is started as the program can be', (name, settings) => {
    const [node, program, ...argv] = settings.get('command')?.split(' ') ?? []
    expect([node, program]).toEqual(['/usr/bin/node', '/opt/laputa/dist/cli/laputa.cjs'])
    expect(argv).toEqual(['start', '--only', name])
    expect(refusalOf(argv)).toBe(null)
    const variables = [...(settings.get('environment') ?? '').matchAll(/(\w+)="/g)].map(([, variable = '']) => variable)
    expect(variables).toContain('LAPUTA_CONFIG')
    expect(unknownSettings(variables)).toEqual([])
  })

  it('starts what ends again, less and less often, but not after a wrong configuration', () => {
    for (const [, settings] of programs) {
      expect(Object.fromEntries(settings)).toMatchObject({ autorestart: 'unexpected', exitcodes: '78' })
      expect(Number(settings.get('startretries'))).toBeGreaterThan(3)
      expect(Number(settings.get('startsecs'))).toBeGreaterThan(0)
      expect(settings.get('stdout_logfile_maxbytes')).toMatch(/^\d+MB$/)
      expect(Number(settings.get('stdout_logfile_backups'))).toBeGreaterThan(0)
    }
  })

  it('gives the worker more time to end than its jobs may take', () => {
    const { jobs } = loadConfig({ env: {}, cwd: root })
    expect(Number(sections.get('program:laputa-worker')?.get('stopwaitsecs')) * 1000).toBeGreaterThan(
      jobs.drain + 15_000,
    )
  })
})

const supervisord = process.env.LAPUTA_TEST_SUPERVISORD ?? findProgram('supervisord')

/** What a test hears meanwhile: of the roles, and of supervisor. */
interface Told {
  noted(): readonly string[]
  log(): string
}

/** Supervisor itself, with programs of this test in the place of ours. */
describe.skipIf(supervisord === null)('supervisord with that configuration', () => {
  /** Runs it with roles that do what `behaviour` says until `meanwhile` is done, and answers what they noted. */
  async function supervise(
    { behaviour, startsecs }: { behaviour: string; startsecs: number },
    meanwhile: (told: Told) => Promise<void>,
  ): Promise<readonly string[]> {
    const folder = mkdtempSync(join(tmpdir(), 'laputa-supervisor-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const notes = join(folder, 'notes')
    writeFileSync(notes, '')
    const program = join(folder, 'program.cjs')
    writeFileSync(
      program,
      `
      const { appendFileSync, readFileSync } = require('node:fs')
      const role = process.argv.at(-1)
      const note = (what) => appendFileSync('${notes}', role + ' ' + what + '\\n')
      const before = readFileSync('${notes}', 'utf8').includes(role + ' starts')
      note('starts')
      process.on('SIGTERM', () => { note('stops'); process.exit(0) })
      setInterval(() => {}, 1000)
      ${behaviour}
      `,
    )
    const here = text
      .replaceAll('/usr/bin/node', process.execPath)
      .replaceAll('/opt/laputa/dist/cli/laputa.cjs', program)
      .replaceAll('directory=/opt/laputa', `directory=${folder}`)
      .replaceAll('/var/log/laputa', folder)
      .replaceAll(/^user=.*$/gm, '')
      .replaceAll('startsecs=5', `startsecs=${startsecs}`)
      .replaceAll('startretries=10', 'startretries=2')
    const file = join(folder, 'supervisord.conf')
    const own = `[supervisord]\nlogfile=${folder}/supervisord.log\npidfile=${folder}/supervisord.pid\n`
    writeFileSync(file, own + here)
    const supervisor = spawn(supervisord ?? '', ['--nodaemon', '--silent', '--configuration', file], {
      stdio: 'ignore',
    })
    const ended = once(supervisor, 'exit')
    const noted = () => readFileSync(notes, 'utf8').trim().split('\n')
    try {
      await meanwhile({ noted, log: () => readFileSync(join(folder, 'supervisord.log'), 'utf8') })
    } finally {
      supervisor.kill('SIGTERM')
      await ended
    }
    return noted()
  }

  it('starts and stops them in order, starts again what dies, and leaves alone what is refused', async () => {
    const behaviour = `
      if (role === 'live' && !before) setTimeout(() => process.exit(0), 1500)
      if (role === 'scheduler') setTimeout(() => { note('is refused'); process.exit(78) }, 1500)
    `
    const notes = await supervise({ behaviour, startsecs: 1 }, async ({ noted, log }) => {
      await expect.poll(noted, { timeout: 10_000 }).toContain('scheduler starts')
      // What runs first of four that were begun at once is up to the machine: its log has the order.
      const begun = log().matchAll(/spawned: 'laputa-(\w+)'/g)
      expect([...begun].slice(0, 4).map(([, role]) => role)).toEqual(['worker', 'web', 'live', 'scheduler'])
      await expect.poll(() => noted().filter((line) => line === 'live starts'), { timeout: 10_000 }).toHaveLength(2)
      await expect.poll(noted, { timeout: 10_000 }).toContain('scheduler is refused')
      await new Promise((resolve) => setTimeout(resolve, 1500))
      expect(noted().filter((line) => line === 'scheduler starts')).toHaveLength(1)
    })
    expect(notes.filter((line) => line.endsWith('stops'))).toEqual(['live stops', 'web stops', 'worker stops'])
  }, 60_000)

  it('tries again what is refused within its first seconds, and gives up after so many times', async () => {
    const behaviour = `if (role === 'scheduler') process.exit(78)`
    const notes = await supervise({ behaviour, startsecs: 5 }, async ({ log }) => {
      await expect.poll(log, { timeout: 20_000 }).toMatch(/gave up: laputa-scheduler entered FATAL state/)
    })
    expect(notes.filter((line) => line === 'scheduler starts')).toHaveLength(3)
  }, 60_000)
})
