import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { anInstance, type Instance } from '../../test/builders/instance.ts'
import { silentLog, systemClock } from '../base/index.ts'
import { openStore } from '../store/index.ts'
import { auditCommand } from './audit.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'laputa-cli-audit-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

async function run(...args: string[]): Promise<{ output: string; exitCode: number }> {
  let output = ''
  let exitCode = 0
  const command = auditCommand({
    print: (text) => {
      output += text
    },
    fail: (code) => {
      exitCode = code
    },
    source: { env: { LAPUTA_HOME: home }, cwd: home },
  })
  command.exitOverride()
  for (const inner of command.commands) inner.exitOverride().configureOutput({ writeErr: () => {} })
  await command.parseAsync(args, { from: 'user' })
  return { output, exitCode }
}

/** A home with the entries that its users left: one sign-in, three groups. */
async function aUsedHome(): Promise<void> {
  const instance: Instance = await anInstance({ LAPUTA_HOME: home })
  for (const name of ['a', 'b', 'c']) await instance.admin.call('POST', '/groups', { body: { name } })
  await expect(run('verify')).rejects.toMatchObject({ code: 'storage_failed' })
  await instance.close()
}

interface Doc {
  readonly id: string
  readonly by: string
}

async function tamper(change: (doc: Doc) => Doc | null, seq: number): Promise<void> {
  const store = await openStore({ kind: 'sqlite', home }, { clock: systemClock, log: silentLog })
  const entries = store.collection<Doc>({ name: 'audit', indexes: ['at', 'by', 'action', 'app'] })
  const { doc, version } = (await entries.get(String(seq).padStart(12, '0')))!
  const changed = change(doc)
  await (changed ? entries.replace(changed, version) : entries.remove(doc.id))
  await store.close()
}

it('says that a log is in order, and what to compare it with later', async () => {
  await aUsedHome()
  const { output, exitCode } = await run('verify')
  expect(exitCode).toBe(0)
  expect(output).toMatch(/^The audit log is in order: 4 entries, 1 to 4\.\nIts head is 4:[0-9a-f]{64}\n$/)
  const head = /4:[0-9a-f]{64}/.exec(output)?.[0] ?? ''
  expect((await run('verify', '--head', head)).exitCode).toBe(0)
  const other = await run('verify', '--head', head.replace(/^4/, '3'))
  expect(other).toEqual({
    output: 'The audit log is broken at entry 3. It is not the entry that was noted elsewhere.\n',
    exitCode: 2,
  })
  const { output: json } = await run('verify', '--json')
  expect(JSON.parse(json)).toMatchObject({
    entries: 4,
    first: { seq: 1 },
    last: { seq: 4 },
    unanchored: 0,
    broken: null,
  })
})

it('names the first entry that is not what was written', async () => {
  await aUsedHome()
  await tamper((doc) => ({ ...doc, by: 'somebody' }), 3)
  expect(await run('verify')).toEqual({ output: 'The audit log is broken at entry 3. It was altered.\n', exitCode: 2 })
  await tamper(() => null, 2)
  const { output, exitCode } = await run('verify', '--json')
  expect([JSON.parse(output).broken, exitCode]).toEqual([{ seq: 2, reason: 'It is missing.' }, 2])
  await tamper(() => null, 4)
  await tamper(() => null, 3)
  expect((await run('verify')).exitCode).toBe(2)
})

it('makes nothing where there is nothing, and takes no head that is none', async () => {
  await expect(run('verify')).rejects.toMatchObject({ code: 'storage_failed', message: expect.stringContaining(home) })
  await expect(run('verify', '--head', '4')).rejects.toThrow('Write <seq>:<hash>')
})
