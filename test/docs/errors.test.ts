import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { errorCatalogue } from '../../src/base/index.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/errors.md'), 'utf8')
const [, ...sections] = page.split(/^## /m)
const documented = new Map(
  sections.map((section) => {
    const match = /^(\w+)\n\n\*\*(\d+) (.+)\.\*\* (.+\.)\n\nWhat to do: (.+)\n+$/.exec(section)
    const [, code = section, status, title, when, remedy] = match ?? []
    return [code, { status: Number(status), title, when, remedy }]
  }),
)

it('docs/errors.md has one section for each code of the catalogue, in its order, and no other', () => {
  expect(sections.map((section) => section.split('\n')[0])).toEqual(Object.keys(errorCatalogue))
})

it.each(Object.entries(errorCatalogue))('docs/errors.md says what the catalogue says: %s', (code, kind) => {
  expect(documented.get(code)).toEqual({ ...kind, when: expect.stringMatching(/^[A-Z`].{10,}/) })
})
