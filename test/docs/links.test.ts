import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { brokenLinks, orphanPages } from '../../scripts/docs-check.ts'

const project = join(import.meta.dirname, '../..')

it('every relative link of the documentation leads somewhere', () => {
  expect(brokenLinks(project)).toEqual([])
})

it('every page is in the navigation', () => {
  expect(orphanPages(project)).toEqual([])
})

describe('in a project with mistakes', () => {
  let root: string
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'laputa-docs-'))
  })
  afterEach(() => rmSync(root, { recursive: true }))

  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }

  it('broken links are found, by file and by heading', () => {
    write('README.md', '[gone](docs/gone.md) [there](docs/a.md#one-two)')
    write('docs/a.md', '# One, two!\n[x](deep/b.md) [y](deep/b.md#nothing) [z](#one-two) [w](#three)')
    write('docs/deep/b.md', '# b\n[up](../a.md) [up](a.md) ![picture](p.png "title")')
    expect(brokenLinks(root).sort()).toEqual([
      'README.md: the link docs/gone.md leads nowhere',
      'docs/a.md: the link #three leads nowhere',
      'docs/a.md: the link deep/b.md#nothing leads nowhere',
      'docs/deep/b.md: the link a.md leads nowhere',
      'docs/deep/b.md: the link p.png leads nowhere',
    ])
  })

  it('code and other sites are left alone', () => {
    write('docs/a.md', '`[x](y)`\n```\n[x](y)\n```\n[site](https://example.org/x) [mail](mailto:a@example.org)')
    expect(brokenLinks(root)).toEqual([])
  })

  it('pages outside of the navigation are found', () => {
    write('mkdocs.yml', 'nav:\n  - Home: index.md\n  - More:\n      - deep/a.md\n')
    write('docs/index.md', '')
    write('docs/deep/a.md', '')
    write('docs/deep/b.md', '')
    expect(orphanPages(root)).toEqual(['docs/deep/b.md: not in the navigation of mkdocs.yml'])
  })
})
