import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { configCommand } from './config.ts'

let cwd: string
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'laputa-cli-'))
})
afterEach(() => rmSync(cwd, { recursive: true }))

async function run(args: string[], env: Record<string, string> = {}): Promise<{ output: string; exitCode: number }> {
  let output = ''
  let exitCode = 0
  const command = configCommand({
    print: (text) => {
      output += text
    },
    fail: (code) => {
      exitCode = code
    },
    source: { env, cwd },
  })
  await command.parseAsync(args, { from: 'user' })
  return { output, exitCode }
}

it('check says that all is well', async () => {
  expect(await run(['check'])).toEqual({ output: 'The configuration is valid.\n', exitCode: 0 })
  expect(await run(['check', '--json'])).toEqual({ output: '{\n  "problems": []\n}\n', exitCode: 0 })
})

it('check lists every problem with its place and fails', async () => {
  writeFileSync(join(cwd, 'laputa.yml'), 'http:\n  prot: 1\n  port: x\n')
  expect(await run(['check'], { LAPUTA_NOPE: '1' })).toEqual({
    output: [
      'http.prot (laputa.yml:2): There is no such setting. Remove it, or correct its name. The nearest: http.port, http.host.',
      'http.port (laputa.yml:3): "x" is not a whole number from 0 to 65535. Write for example: 8080',
      'LAPUTA_NOPE: There is no such setting. Remove it, or correct its name. The nearest: LAPUTA_HOME.',
      '3 problems in the configuration.\n',
    ].join('\n'),
    exitCode: 1,
  })
})

it('check --json gives the same problems as data', async () => {
  const { output, exitCode } = await run(['check', '--json'], { LAPUTA_HTTP__PORT: 'x' })
  expect(exitCode).toBe(1)
  expect(JSON.parse(output).problems).toMatchObject([{ path: 'http.port', source: 'LAPUTA_HTTP__PORT' }])
})

it('explain prints a line a setting, in columns', async () => {
  const { output, exitCode } = await run(['explain'], { LAPUTA_HTTP__PORT: '0' })
  expect(exitCode).toBe(0)
  expect(output).toMatch(/^http\.port +0 +LAPUTA_HTTP__PORT$/m)
  expect(output).toMatch(/^query\.timeout +30 s +default$/m)
  expect(output).toMatch(/^auth\.token_key +\(not set\) +default$/m)
})

it('explain --json gives data, and no secret', async () => {
  const key = 'x'.repeat(40)
  const { output } = await run(['explain', '--json'], { LAPUTA_AUTH__TOKEN_KEY: key })
  expect(output).not.toContain(key)
  expect(JSON.parse(output).settings).toContainEqual(
    expect.objectContaining({ path: 'auth.token_key', value: '(set, not shown)', source: 'LAPUTA_AUTH__TOKEN_KEY' }),
  )
})

it('explain of an invalid configuration lists the problems and fails', async () => {
  const { output, exitCode } = await run(['explain'], { LAPUTA_HTTP__PORT: 'x' })
  expect(exitCode).toBe(1)
  expect(output).toContain('1 problem in the configuration.')
})
