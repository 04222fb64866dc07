import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Mutant, mutants } from './mutants.ts'
import { createTypeCheck } from './type-check.ts'

const root = join(import.meta.dirname, '../../..')
const src = join(root, 'src')
/** What is the same for all mutants. */
const cache = mkdtempSync(join(tmpdir(), 'laputa-mutants-'))
afterAll(() => rmSync(cache, { recursive: true, force: true }))
/** Functions without whose calls there is no row security. */
const guarding = new Set(['guard', 'domainRule', 'planGuarded'])

function mutated({ file, edits }: Mutant): string {
  return edits.reduce(
    (text, [find, replace]) => {
      const parts = text.split(find)
      if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times: ${find}`)
      return parts.join(replace)
    },
    readFileSync(join(src, file), 'utf8'),
  )
}

describe('what takes row security away', () => {
  it('is tried at every call of the guard', () => {
    const forgotten: string[] = []
    for (const name of readdirSync(src, { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts') || name.endsWith('.test.ts')) continue
      const file = name.replaceAll('\\', '/')
      for (const call of callsIn(readFileSync(join(src, name), 'utf8'))) {
        const tried = mutants.some(
          (mutant) => mutant.file === file && mutant.edits.some(([find]) => find.includes(call)),
        )
        if (!tried) forgotten.push(`${file}: ${call}`)
      }
    }
    expect(forgotten).toEqual([])
  })

  describe('is noticed', { timeout: 60_000 }, () => {
    let check: ReturnType<typeof createTypeCheck>
    beforeAll(() => {
      check = createTypeCheck(root)
    }, 120_000)

    it('but nothing where nothing is taken away', async () => {
      for (const seenBy of new Set(mutants.map((mutant) => mutant.seenBy))) {
        const whole: Mutant = { name: '', file: 'access/guard.ts', edits: [], ...(seenBy && { seenBy }) }
        expect(check(join(src, whole.file), mutated(whole))).toEqual([])
        const { failed, output } = await testsOf(whole, mutated(whole))
        expect(failed, output).toBe(0)
      }
    })

    it.each(mutants.map((mutant) => [mutant.name, mutant] as const))('%s', async (_, mutant) => {
      const text = mutated(mutant)
      if (check(join(src, mutant.file), text).length > 0) return
      const { failed, output } = await testsOf(mutant, text)
      expect(failed, output).toBeGreaterThan(0)
    })
  })
})

function callsIn(text: string): string[] {
  const calls: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && guarding.has(node.expression.text)) {
      calls.push(node.getText())
    }
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile('x.ts', text, ts.ScriptTarget.Latest, true))
  return calls
}

/** Runs the tests that should fail, in a process that reads one file of `src` otherwise than it is. */
async function testsOf(mutant: Mutant, text: string): Promise<{ failed: number; output: string }> {
  const seenBy = mutant.seenBy ?? 'test/security/fixed-cases.test.ts'
  const script = fileURLToPath(new URL('./run-mutant.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', script, join(src, mutant.file), seenBy, cache], {
    cwd: root,
    timeout: 55_000,
  })
  child.stdin.end(text)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (part) => (output += part))
  const code = await new Promise((resolve) => child.once('close', resolve))
  const report = /^mutant: (\d+) failed of (\d+)$/m.exec(output)
  // What does not even begin says nothing about the mutant.
  if (!report || Number(report[2]) === 0)
    throw new Error(`the tests did not run (${String(code)}): ${output.slice(-2000)}`)
  return { failed: Number(report[1]), output: output.slice(-2000) }
}
