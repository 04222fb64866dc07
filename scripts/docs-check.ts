/**
 * Part of `npm run check`: generated pages are fresh, every page is in the navigation, every relative link and anchor leads
 * somewhere. (`mkdocs build --strict` runs in `npm test`, where mkdocs is installed.)
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { stalePages } from './docs.ts'

/** What is wrong with the documentation of the project in `root`, a line each. */
export function documentationProblems(root: string): string[] {
  const stale = stalePages(join(root, 'docs')).map((name) => `docs/${name}: stale, run \`npm run docs\``)
  return [...stale, ...orphanPages(root), ...brokenLinks(root)]
}

/** Pages in docs/ that the navigation of mkdocs.yml does not name. */
export function orphanPages(root: string): string[] {
  const { nav } = parse(readFileSync(join(root, 'mkdocs.yml'), 'utf8')) as { nav: unknown }
  const named = new Set(JSON.stringify(nav).match(/[^"]+\.md/g))
  const pages = markdownIn(join(root, 'docs')).map((path) => relative(join(root, 'docs'), path))
  return pages.filter((page) => !named.has(page)).map((page) => `docs/${page}: not in the navigation of mkdocs.yml`)
}

/** Relative links of README.md, CHANGELOG.md and docs/ whose file or heading does not exist. */
export function brokenLinks(root: string): string[] {
  const roots = ['README.md', 'CHANGELOG.md'].map((name) => join(root, name)).filter((path) => existsSync(path))
  return [...roots, ...markdownIn(join(root, 'docs'))].flatMap((page) =>
    linksOf(readFileSync(page, 'utf8'))
      .filter((link) => !leads(page, link))
      .map((link) => `${relative(root, page)}: the link ${link} leads nowhere`),
  )
}

function markdownIn(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return names.filter((name) => name.endsWith('.md')).map((name) => join(folder, name))
}

/** The targets of inline links and pictures, without code and without links to other sites. */
function linksOf(text: string): string[] {
  const prose = text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '')
  const targets = [...prose.matchAll(/\]\(([^)\s]+)[^)]*\)/g)].map((match) => match[1] ?? '')
  return targets.filter((target) => !/^[a-z]+:/i.test(target))
}

function leads(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? page : resolve(dirname(page), decodeURIComponent(path))
  if (!existsSync(target)) return false
  return anchor === undefined || anchorsOf(readFileSync(target, 'utf8')).has(anchor)
}

/** The anchors that mkdocs gives to the headings of a page. */
function anchorsOf(text: string): Set<string> {
  const headings = [...text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^#+ +(.+)$/gm)].map((match) => match[1] ?? '')
  return new Set(headings.map((heading) => slug(heading)))
}

function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .trim()
    .replace(/[-\s]+/g, '-')
}

function main(): void {
  const problems = documentationProblems(join(import.meta.dirname, '..'))
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exitCode = 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main()
