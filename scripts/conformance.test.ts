import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')
let folder = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'laputa-conformance-'))
  const fixture = (name: string, expected: number) => {
    mkdirSync(join(folder, 'formula'), { recursive: true })
    const step = { pipeline: [{ name: 'formula', new_column: 'b', formula: 'a + 1' }] }
    const text = JSON.stringify({ exclude: [], step, input: [{ a: 1 }], expected: [{ a: 1, b: expected }] })
    writeFileSync(join(folder, 'formula', name), text)
  }
  fixture('right.json', 2)
  fixture('wrong.json', 3)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function conformance(...args: string[]) {
  const script = join(root, 'scripts', 'conformance.ts')
  return spawnSync(process.execPath, ['--import', 'tsx', script, ...args], { cwd: root, encoding: 'utf8' })
}

describe('npm run conformance', () => {
  it('prints a table and the differences, ends with a line for each engine, and fails', () => {
    const { status, stdout } = conformance(folder, '--engine', 'duckdb')
    expect(stdout).toContain('formula  1/2 (1 FAILED)')
    expect(stdout).toContain('duckdb formula/wrong.json\n  a, b\n  1 rows expected, 1 given\n  - 1 | 3\n  + 1 | 2\n')
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('duckdb 1 passed, 1 failed, 0 departures')
    expect(status).toBe(1)
  })

  it('writes only JSON to standard output when asked', () => {
    const { status, stdout } = conformance(folder, '--engine=duckdb', '--json')
    expect(JSON.parse(stdout)).toEqual([
      {
        engine: 'duckdb',
        passed: 1,
        failed: 1,
        departures: 0,
        unable: 0,
        cases: [
          { file: 'formula/right.json', outcome: 'passed' },
          { file: 'formula/wrong.json', outcome: 'failed', reason: expect.stringContaining('+ 1 | 2') },
        ],
      },
    ])
    expect(status).toBe(1)
  })

  it.each([
    [[], 'usage'],
    [['/no/such/folder'], 'there is no folder'],
    [['.', '--engine', 'sybase'], 'there is no engine "sybase"'],
  ])('refuses %j', (args, message) => {
    const { status, stderr } = conformance(...args)
    expect(stderr).toContain(message)
    expect(status).toBe(2)
  })
})
