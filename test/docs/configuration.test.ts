import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { pages, stalePages, writePages } from '../../scripts/docs.ts'
import { loadConfig, settingGroups } from '../../src/config/index.ts'

const docs = join(import.meta.dirname, '../../docs')

it('the generated pages are fresh', () => {
  expect(stalePages(docs)).toEqual([])
})

it('a generated page is stale that was changed by hand, is missing, or is of something that is gone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'laputa-docs-'))
  try {
    expect(stalePages(folder)).toEqual(Object.keys(pages))
    writePages(folder)
    expect(stalePages(folder)).toEqual([])
    writeFileSync(join(folder, 'configuration.md'), `${pages['configuration.md']?.()} `)
    writeFileSync(join(folder, 'steps/gone.md'), '# gone')
    expect(stalePages(folder)).toEqual(['configuration.md', 'steps/gone.md'])
    writePages(folder)
    expect(stalePages(folder)).toEqual([])
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
