import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/index.ts'
import { bytes, read, refusalOf, root, unknownSettings, webMemory, workerMemory } from './checks.ts'

type Unit = ReadonlyMap<string, readonly (readonly [name: string, value: string])[]>

function unitOf(path: string): Unit {
  const unit = new Map<string, [string, string][]>()
  let section: [string, string][] = []
  for (const line of read(`deploy/systemd/${path}`).split('\n')) {
    const name = /^\[(\w+)\]$/.exec(line)?.[1]
    const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? []
    if (name !== undefined) {
      section = []
      unit.set(name, section)
    } else if (key !== undefined && value !== undefined) section.push([key, value])
    else if (line !== '' && !line.startsWith('#')) throw new Error(`${path} has a line that is none: ${line}`)
  }
  return unit
}

const service = unitOf('laputa@.service')
const target = unitOf('laputa.target')
const jobs = unitOf('laputa@worker.service.d/jobs.conf')
const reload = unitOf('laputa@web.service.d/reload.conf')
const memory = unitOf('laputa@web.service.d/memory.conf')
const valuesOf = (unit: Unit, section: string, key: string) =>
  (unit.get(section) ?? []).filter(([name]) => name === key).map(([, value]) => value)
const lastOf = (unit: Unit, section: string, key: string) => valuesOf(unit, section, key).at(-1)

const pairsOf = (unit: Unit) => valuesOf(unit, 'Service', 'Environment').flatMap((value) => value.split(' '))

const known: Record<string, readonly string[]> = {
  Unit: ['Description', 'PartOf', 'After', 'Before', 'Wants', 'StartLimitIntervalSec', 'StartLimitBurst'],
  Service: [
    ...['Type', 'User', 'Group', 'WorkingDirectory', 'Environment', 'EnvironmentFile', 'ExecStart', 'ExecReload'],
    ...['Restart', 'RestartSec', 'RestartPreventExitStatus', 'KillSignal', 'KillMode', 'TimeoutStopSec', 'MemoryMax'],
    ...['TasksMax', 'LimitNOFILE', 'StateDirectory', 'StateDirectoryMode', 'UMask', 'NoNewPrivileges'],
    ...['CapabilityBoundingSet', 'ProtectSystem', 'ProtectHome', 'PrivateTmp', 'PrivateDevices', 'ProtectClock'],
    ...['ProtectControlGroups', 'ProtectHostname', 'ProtectKernelLogs', 'ProtectKernelModules', 'ProtectProc'],
    ...['ProtectKernelTunables', 'RestrictAddressFamilies', 'RestrictNamespaces', 'RestrictRealtime'],
    ...['RestrictSUIDSGID', 'LockPersonality', 'SystemCallArchitectures'],
  ],
  Install: ['WantedBy'],
}

describe('the units of systemd', () => {
  it.each([service, target, jobs, reload, memory])('say nothing that systemd does not know (%#)', (unit) => {
    for (const [section, entries] of unit) {
      expect(entries.filter(([key]) => !known[section]?.includes(key))).toEqual([])
    }
  })

  it('start every role as the program can be started', () => {
    const wanted = lastOf(target, 'Unit', 'Wants')?.split(' ') ?? []
    const roles = wanted.map((unit) => /^laputa@(\w+)\.service$/.exec(unit)?.[1] ?? '')
    expect(roles.toSorted()).toEqual(['live', 'scheduler', 'web', 'worker'])
    const [node, program, ...argv] = lastOf(service, 'Service', 'ExecStart')?.split(' ') ?? []
    expect([node, program]).toEqual(['/usr/bin/node', '/opt/laputa/dist/cli/laputa.cjs'])
    for (const role of roles) expect(refusalOf(argv.map((word) => word.replace('%i', role)))).toBe(null)
    expect(refusalOf(argv)).toContain('%i')
  })

  it('start with the machine whatever was enabled: the target, or a role by itself', () => {
    for (const unit of [service, target]) expect(lastOf(unit, 'Install', 'WantedBy')).toBe('multi-user.target')
  })

  it('give the roles the memory that their settings let them take', () => {
    const env = Object.fromEntries(pairsOf(memory).map((pair) => pair.split('=')))
    expect(unknownSettings(Object.keys(env))).toEqual([])
    const limitOf = (unit: Unit) => bytes(lastOf(unit, 'Service', 'MemoryMax') ?? '')
    expect(limitOf(memory)).toBeGreaterThan(webMemory(loadConfig({ env, cwd: root })))
    expect(limitOf(jobs)).toBeGreaterThan(workerMemory(loadConfig({ env: {}, cwd: root })))
  })

  it('name settings that exist', () => {
    const pairs = pairsOf(service)
    expect(unknownSettings(pairs.map((pair) => pair.split('=')[0] ?? ''))).toEqual([])
    const { home } = loadConfig({ env: { LAPUTA_HOME: '/var/lib/laputa' }, cwd: root })
    expect(pairs).toContain(`LAPUTA_HOME=${home}`)
    expect(`/var/lib/${lastOf(service, 'Service', 'StateDirectory')}`).toBe(home)
  })

  it('start what fails again, but not for ever, and not after a wrong configuration', () => {
    expect(lastOf(service, 'Service', 'Restart')).toBe('on-failure')
    expect(lastOf(service, 'Service', 'RestartPreventExitStatus')).toBe('78')
    const burst = Number(lastOf(service, 'Unit', 'StartLimitBurst'))
    const restart = Number(lastOf(service, 'Service', 'RestartSec'))
    expect(burst * restart).toBeLessThan(Number(lastOf(service, 'Unit', 'StartLimitIntervalSec')))
  })

  it('keep the program from what it does not need', () => {
    expect(Object.fromEntries(service.get('Service') ?? [])).toMatchObject({
      User: 'laputa',
      NoNewPrivileges: 'yes',
      CapabilityBoundingSet: '',
      ProtectSystem: 'strict',
      ProtectHome: 'yes',
      PrivateTmp: 'yes',
      MemoryMax: expect.stringMatching(/^\d+G$/),
    })
  })

  it('stop the workers last, and give them more time than their jobs may take', () => {
    const { drain } = loadConfig({ env: {}, cwd: root }).jobs
    expect(Number(lastOf(jobs, 'Service', 'TimeoutStopSec')) * 1000).toBeGreaterThan(drain + 15_000)
    const later = lastOf(jobs, 'Unit', 'Before')?.split(' ') ?? []
    expect(later.toSorted()).toEqual(['laputa@live.service', 'laputa@scheduler.service', 'laputa@web.service'])
    // Of those that are told together, one signal each: the master and the worker tell their children themselves.
    expect(lastOf(service, 'Service', 'KillMode')).toBe('mixed')
  })
})
