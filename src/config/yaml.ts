import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, type YAMLError, type YAMLMap } from 'yaml'
import type { ProblemItem } from '../base/index.ts'
import { groupPaths, settingsByPath } from './catalogue.ts'
import { type Given, type Reading, unknownName } from './reading.ts'

/** What has been read so far. `sourceOf` a node: the file's name and the line. */
interface Draft {
  readonly given: Given[]
  readonly problems: ProblemItem[]
  readonly sourceOf: (node: unknown) => string
}

/** The settings in a YAML text. `name` is how messages call the file. */
export function readYaml(text: string, name: string): Reading {
  const lines = new LineCounter()
  const sourceAt = (offset: number) => `${name}:${lines.linePos(offset).line}`
  // Duplicate keys are found in readGroup, where their full names are known.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false })
  const broken = [...document.errors, ...document.warnings]
  if (broken.length > 0) return { given: [], problems: syntaxProblems(broken, sourceAt) }

  const sourceOf = (node: unknown) => sourceAt(isNode(node) ? (node.range?.[0] ?? 0) : 0)
  const draft: Draft = { given: [], problems: [], sourceOf }
  const root = document.contents
  if (isMap(root)) readGroup(root, '', draft)
  else if (!isEmpty(root)) {
    const message = 'A list or a single value. Write settings as `name: value`.'
    draft.problems.push({ path: '', source: sourceOf(root), message })
  }
  return draft
}

/** The first problem of each line: the others mostly follow from it. */
function syntaxProblems(errors: readonly YAMLError[], sourceAt: (offset: number) => string): ProblemItem[] {
  const bySource = new Map<string, ProblemItem>()
  for (const error of errors) {
    const source = sourceAt(error.pos[0])
    if (!bySource.has(source)) bySource.set(source, { path: '', source, message: syntaxMessage(error.code) })
  }
  return [...bySource.values()]
}

/** The library's own messages repeat pieces of the text, which may be a secret, so only its codes are used. */
function syntaxMessage(code: YAMLError['code']): string {
  const remedies: Readonly<Partial<Record<YAMLError['code'], string>>> = {
    BAD_ALIAS: 'A name after `*` or `&` is missing or unknown. Put the value in quotes.',
    BAD_INDENT: 'The indentation does not fit the lines around it.',
    BLOCK_AS_IMPLICIT_KEY: 'There is a second colon in the line. Put the value in quotes.',
    MISSING_CHAR: 'A closing quote, bracket or comma is missing.',
    MULTILINE_IMPLICIT_KEY: 'A name goes over several lines: a colon is missing, or the indentation is wrong.',
    MULTIPLE_DOCS: 'A second document starts here (`---`). Keep one.',
    TAB_AS_INDENT: 'A tab indents this line. Use spaces.',
    TAG_RESOLVE_FAILED: 'Tags (`!name`) are not read here. Write a plain value.',
  }
  return `This is not well-formed YAML (${code}). ${remedies[code] ?? 'Correct the line.'}`
}

function readGroup(group: YAMLMap, path: string, draft: Draft): void {
  const seen = new Map<string, string>()
  for (const { key, value } of group.items) {
    const name = isScalar(key) ? String(key.value) : '(not a name)'
    const member = { path: path === '' ? name : `${path}.${name}`, source: draft.sourceOf(key) }
    const before = seen.get(name)
    seen.set(name, member.source)
    const refusal = before ? `Set twice, first at ${before}. Remove one of the two.` : refusalOf(name, value)
    if (refusal) draft.problems.push({ ...member, message: refusal })
    else readMember({ ...member, value }, draft)
  }
}

function refusalOf(name: string, value: unknown): string | undefined {
  if (name.includes('.'))
    return 'There is a dot in the name. Nest instead: each name on its own line, indented below its group.'
  if (isAlias(value)) return 'References (`*name`) are not read here. Write the value out.'
  return undefined
}

function readMember({ path, source, value }: Given, draft: Draft): void {
  if (settingsByPath.has(path)) {
    draft.given.push({ path, source, value: plainValue(value) })
  } else if (!groupPaths.has(path)) {
    const names = [...settingsByPath.keys(), ...groupPaths].filter((known) => known !== '')
    draft.problems.push(unknownName(path, source, names))
  } else if (isMap(value)) {
    readGroup(value, path, draft)
  } else if (!isEmpty(value)) {
    draft.problems.push({ path, source, message: 'This is a group. Write its settings below it, indented.' })
  }
}

/** Nothing was written, or only comments. */
function isEmpty(node: unknown): boolean {
  return node === null || (isScalar(node) && node.value === null)
}

/** Settings are single values or lists of them; anything deeper becomes an object, which no setting takes. */
function plainValue(node: unknown): unknown {
  if (isScalar(node)) return node.value
  if (isSeq(node)) return node.items.map((item) => (isScalar(item) ? item.value : {}))
  return node === null ? null : {}
}
