import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { silentLog, systemClock } from '../base/index.ts'
import { openStore } from '../store/index.ts'
import { migrateCommand } from './migrate.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'laputa-cli-'))
})
afterEach(() => rmSync(home, { recursive: true }))

async function run(...args: string[]): Promise<string> {
  let output = ''
  const command = migrateCommand({
    print: (text) => {
      output += text
    },
    source: { env: { LAPUTA_HOME: home }, cwd: home },
  })
  await command.parseAsync(args, { from: 'user' })
  return output
}

async function makeStore(): Promise<void> {
  const store = await openStore({ kind: 'sqlite', home }, { clock: systemClock, log: silentLog })
  await store.close()
}

it('lists what would be run, runs it, and then has nothing to run', async () => {
  await makeStore()
  expect(await run('--dry-run')).toBe('Would be run:\n  0001-release-source-kinds\n')
  expect(await run()).toMatch(/^Run:\n {2}0001-release-source-kinds, \d+ ms\n$/)
  expect(await run()).toBe('Nothing to run. Run before: 1.\n')
  expect(await run('--dry-run')).toBe('Nothing to run. Run before: 1.\n')
})

it('answers as JSON', async () => {
  await makeStore()
  expect(JSON.parse(await run('--dry-run', '--json'))).toEqual({
    before: [],
    ran: [],
    pending: ['0001-release-source-kinds'],
  })
  expect(JSON.parse(await run('--json'))).toMatchObject({ ran: [{ name: '0001-release-source-kinds' }], pending: [] })
})

it('makes nothing in a dry run where there is no store', async () => {
  await expect(run('--dry-run')).rejects.toMatchObject({
    code: 'storage_failed',
    message: expect.stringMatching(/no store in/),
  })
  expect(existsSync(join(home, 'store.sqlite'))).toBe(false)
})

it('is refused while a server has the home', async () => {
  const store = await openStore({ kind: 'sqlite', home }, { clock: systemClock, log: silentLog })
  await expect(run()).rejects.toMatchObject({
    code: 'storage_failed',
    message: expect.stringMatching(/Another process/),
  })
  await store.close()
})
