import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { pages, stalePages } from '../../scripts/docs.ts'
import { loadConfig, settingGroups } from '../../src/config/index.ts'

const docs = join(import.meta.dirname, '../../docs')

it('the generated pages are fresh', () => {
  expect(stalePages(docs)).toEqual([])
})

it('a generated page that was changed by hand, or is missing, is stale', () => {
  const folder = mkdtempSync(join(tmpdir(), 'laputa-docs-'))
  try {
    expect(stalePages(folder)).toEqual(Object.keys(pages))
    for (const [name, page] of Object.entries(pages)) writeFileSync(join(folder, name), page())
    expect(stalePages(folder)).toEqual([])
    writeFileSync(join(folder, 'configuration.md'), `${pages['configuration.md']?.()} `)
    expect(stalePages(folder)).toEqual(['configuration.md'])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

it('the page names every setting and its variable', () => {
  const page = readFileSync(join(docs, 'configuration.md'), 'utf8')
  for (const { path, variable } of settingGroups.flatMap((group) => group.settings)) {
    expect(page).toContain(`| \`${path}\`<br>\`${variable}\` |`)
  }
})

it('the example of the page is a valid configuration', () => {
  const page = readFileSync(join(docs, 'configuration.md'), 'utf8')
  const example = /```yaml\n([\s\S]+?)```/.exec(page)?.[1] ?? ''
  const folder = mkdtempSync(join(tmpdir(), 'laputa-docs-'))
  try {
    writeFileSync(join(folder, 'laputa.yml'), example)
    expect(loadConfig({ env: {}, cwd: folder })).toMatchObject({ home: '/srv/laputa', query: { timeout: 10_000 } })
  } finally {
    rmSync(folder, { recursive: true })
  }
})
