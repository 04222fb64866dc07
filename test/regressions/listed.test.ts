import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const page = readFileSync(new URL('../../docs/security.md', import.meta.url), 'utf8')

it('docs/security.md lists every case with its file, and no other', () => {
  const files = readdirSync(new URL('.', import.meta.url)).filter((name) => name.endsWith('.test.ts'))
  const cases = files.flatMap((file) => {
    const text = readFileSync(new URL(file, import.meta.url), 'utf8')
    return [...text.matchAll(/^ +it(?:\.fails)?\(\s*['"](.+)['"],/gm)].map(([, title = '']) => [file, title])
  })
  expect(cases.length).toBeGreaterThan(50)
  const rows = [...page.matchAll(/^\| (.+) \| `(.+\.test\.ts)` \|$/gm)].map(([, title, file]) => [file, title])
  expect(rows.toSorted()).toEqual(cases.toSorted())
})
