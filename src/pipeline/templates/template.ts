import { parse, tokenize } from '@huggingface/jinja'
import { isProblem, Problem } from '../../base/index.ts'
import { bodyOf, describe, type Node, node, nodes } from './nodes.ts'
import { follow, pathOf } from './path.ts'
import { maxWork, type Run, startRun } from './run.ts'
import { type Segment, scanTemplate } from './scan.ts'
import { type Analysis, analyse } from './subset.ts'
import { fromLibrary, plainText, type TemplateValue, type TemplateVariables } from './values.ts'

export const maxTemplateLength = 10_000
/** The library takes time in the square of their number. */
const maxBlanks = 1000

export interface TemplateOptions {
  /** For permissions: only `{{ … }}`, and what is null or an empty text counts as undefined. */
  readonly expressionsOnly?: boolean
}

export interface Template {
  /**
   * The value, or the name of what is undefined. A text that is one `{{ … }}` (or one `{% if %}` block) keeps the type of its value;
   * otherwise the answer is a text, in which null counts as undefined, because it would leave a hole. Undefined is accepted only where the template asks for it:
   * `default`, `is defined`, and, unless `expressionsOnly`, where a value is asked whether it is true. Errors: the code of
   * `compileTemplate`, when the values do not fit the template or it does too much work.
   */
  render(variables: TemplateVariables): { readonly value: TemplateValue } | { readonly undefinedName: string }
}

/** Whether a text is to be rendered. A text with only a comment, `{# … #}`, is not: it stays what it is. */
export function isTemplate(text: string): boolean {
  return text.includes('{{') || text.includes('{%')
}

/**
 * Reads a template in the subset of Jinja that `subset.ts` lists. Errors: `pipeline_invalid` (`permission_invalid` with
 * `expressionsOnly`) with the position of the construct that cannot be read.
 */
export function compileTemplate(text: string, { expressionsOnly = false }: TemplateOptions = {}): Template {
  const refuse = (message: string, position?: number): Problem =>
    new Problem(expressionsOnly ? 'permission_invalid' : 'pipeline_invalid', message, {
      errors: [{ path: '', message, ...(position === undefined ? {} : { position }) }],
    })
  if (text.length > maxTemplateLength) throw refuse(`A template has at most ${maxTemplateLength} characters.`)
  if (new RegExp(`\\s{${maxBlanks + 1}}`).test(text))
    throw refuse(`A template has at most ${maxBlanks} blanks in a row.`)
  const { segments, unclosed } = scanTemplate(text)
  if (unclosed !== undefined)
    throw refuse(`The template has a "${text.slice(unclosed, unclosed + 2)}" that is not closed.`, unclosed)
  const body = read(text, segments, refuse)
  const analysis = attempt(
    () => analyse(body, expressionsOnly),
    () => refuse('The template nests too deep.'),
  )
  if ('refused' in analysis) throw refuse(analysis.refused, segments[0]?.start)
  const lone = loneConstruct(text, segments, body)
  const path = lone && pathOf(lone)
  if (path) return { render: (variables) => missingOr(follow(variables, path), describe(lone), expressionsOnly) }
  return { render: (variables) => run({ body, analysis, lone, strict: expressionsOnly, refuse }, variables) }
}

type Refuse = (message: string, position?: number) => Problem

function read(text: string, segments: readonly Segment[], refuse: Refuse): readonly Node[] {
  return attempt(
    () => parseText(text),
    (reason) => {
      const broken = segments.find(({ kind, start, end }) => kind === 'expression' && !parses(text.slice(start, end)))
      const position = (broken ?? segments.find(({ kind }) => kind === 'statement'))?.start ?? 0
      return refuse(`The template does not parse: ${reason}.`, position)
    },
  )
}

function parseText(text: string): readonly Node[] {
  // The library drops one line break at the end of a template, as Jinja does; here it is part of a person's value.
  return bodyOf(parse(tokenize(text.endsWith('\n') ? `${text}\n` : text)))
}

function parses(text: string): boolean {
  try {
    parseText(text)
    return true
  } catch {
    return false
  }
}

/** The expression or `{% if %}` that is all of the text. */
function loneConstruct(text: string, segments: readonly Segment[], body: readonly Node[]): Node | undefined {
  const [first, last] = [segments[0], segments.at(-1)]
  const [only] = body
  if (!only || body.length > 1 || first?.start !== 0 || last?.end !== text.length) return undefined
  return segments.length === 1 && first.kind === 'expression' ? only : only.type === 'If' ? only : undefined
}

interface Compiled {
  readonly body: readonly Node[]
  readonly analysis: Analysis
  readonly lone: Node | undefined
  readonly strict: boolean
  readonly refuse: Refuse
}

function run(
  { body, analysis, lone, strict, refuse }: Compiled,
  variables: TemplateVariables,
): ReturnType<Template['render']> {
  const tooMuch = (): Problem =>
    refuse(`The template does too much work: more than ${maxWork} steps, or too long a text or list.`)
  const running = startRun({ analysis, variables, strict, lone: lone !== undefined, tooMuch })
  let value: TemplateValue | undefined
  try {
    value = lone ? loneValue(lone, running) : joinedText(body, running, strict)
  } catch (error) {
    if (isProblem(error)) throw error
    // What the library says about an undefined operand comes second to its name.
    const undefinedName = running.undefinedName()
    if (undefinedName !== undefined) return { undefinedName }
    throw refuse(`The template cannot be evaluated: ${reasonOf(error)}.`)
  }
  return missingOr(
    running.undefinedName() === undefined ? value : undefined,
    running.undefinedName() ?? describe(lone),
    false,
  )
}

/** Undefined where a permission has a list or an object within a text: its JSON means something else there, such as a class in a pattern. */
function joinedText(body: readonly Node[], running: Run, strict: boolean): string | undefined {
  if (strict && body.some((part) => isStructure(running.evaluate(part)))) return undefined
  return plainText(body.map((part) => outputText(running, part)).join(''))
}

function isStructure({ type, value }: { type: string; value?: unknown }): boolean {
  return type !== 'NullValue' && typeof value === 'object' && value !== null
}

function outputText(running: Run, part: Node): string {
  const { type, value } = running.evaluate(part)
  return type === 'NullValue'
    ? ''
    : String(typeof value === 'object' ? JSON.stringify(fromLibrary({ type, value })) : value)
}

/** A block gives what its branch gives: the value of one expression, a number, a text, or null when the branch is empty. */
function loneValue(part: Node, running: Run): TemplateValue | undefined {
  if (part.type !== 'If') return fromLibrary(running.evaluate(part))
  const test = node(part.test)
  const branch = nodes(test && isTrue(running.evaluate(test)) ? part.body : part.alternate)
  const [only] = branch
  if (!only) return null
  if (branch.length > 1) return plainText(branch.map((item) => outputText(running, item)).join(''))
  const value = loneValue(only, running)
  return only.type === 'StringLiteral' && typeof value === 'string' && isNumber(value) ? Number(value) : value
}

function isTrue({ type, value }: { type: string; value?: unknown }): boolean {
  if (type === 'ArrayValue' || type === 'TupleValue') return Array.isArray(value) && value.length > 0
  return value instanceof Map ? value.size > 0 : Boolean(value)
}

function isNumber(text: string): boolean {
  return /^-?\d+(\.\d+)?$/.test(text)
}

function missingOr(value: TemplateValue | undefined, name: string, strict: boolean): ReturnType<Template['render']> {
  return value === undefined || (strict && (value === null || value === '')) ? { undefinedName: name } : { value }
}

/** The library throws errors of several kinds, and runs out of stack on deep nesting; none of them may leave this room. */
function attempt<T>(action: () => T, failure: (reason: string) => Problem): T {
  try {
    return action()
  } catch (error) {
    throw failure(reasonOf(error))
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof RangeError) return 'it is too deep or too long'
  if (error instanceof TypeError || !(error instanceof Error)) return 'something is missing or out of place'
  return error.message.replace(/\.$/, '')
}
