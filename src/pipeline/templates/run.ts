import { Environment, Interpreter } from '@huggingface/jinja'
import type { Problem } from '../../base/index.ts'
import { describe, type Node } from './nodes.ts'
import type { Analysis } from './subset.ts'
import { constants, type RuntimeValue, type TemplateVariables, toLibrary } from './values.ts'

/** Bounds of one rendering. Work is counted in expressions, and in the items of lists, since each may be looped over. */
export const maxWork = 50_000
const maxIntermediateLength = 10_000

export interface RunOptions {
  readonly analysis: Analysis
  readonly variables: TemplateVariables
  /** A variable that is null or an empty text counts as undefined. */
  readonly strict: boolean
  /** The template is one construct, so that null is a value and not a hole in a text. */
  readonly lone: boolean
  readonly tooMuch: () => Problem
}

export interface Run {
  /** The value of an expression or statement. Throws what the library throws, and `tooMuch`. */
  evaluate(part: Node): RuntimeValue
  /** The first thing that was undefined where the template does not accept it. */
  undefinedName(): string | undefined
}

/**
 * An interpreter that sees the named variables and nothing else, counts its work and notes what is undefined. The library itself
 * would take an undefined value for an empty text.
 */
export function startRun(options: RunOptions): Run {
  const environment = environmentFor(options)
  const interpreter = new Interpreter(environment)
  const evaluate = interpreter.evaluate.bind(interpreter)
  let work = 0
  let undefinedName: string | undefined
  interpreter.evaluate = (statement: Parameters<typeof evaluate>[0], scope: Environment) => {
    if (work > maxWork) throw options.tooMuch()
    // Some filters answer nothing at all for an empty list: evaluating nothing gives the library's own undefined value.
    const result = evaluate(statement, scope) ?? evaluate(undefined, scope)
    if (statement && isMissing(statement as Node & typeof statement, result, options)) {
      undefinedName ??= describe(statement as Node & typeof statement)
    }
    const { items, length } = sizeOf(result)
    work += 1 + items
    if (items + length > maxIntermediateLength) throw options.tooMuch()
    return result
  }
  return {
    evaluate: (part) => interpreter.evaluate(part, environment),
    undefinedName: () => undefinedName,
  }
}

function isMissing(part: Node, result: RuntimeValue, { analysis, strict, lone }: RunOptions): boolean {
  const isVariable = part.type === 'Identifier' || part.type === 'MemberExpression'
  if (analysis.tolerant.has(part)) return false
  // Even an empty text has members, such as its length.
  if (analysis.objects.has(part)) return strict && isVariable && result.value === ''
  if (result.type === 'UndefinedValue') return true
  if (analysis.callees.has(part)) return false
  if (result.type === 'FunctionValue') return true
  const isNull = result.type === 'NullValue' && part.type !== 'Comment'
  const isOutput = !lone && analysis.outputs.has(part)
  if (isNull && isOutput) return true
  return strict && (isNull || result.value === '') && (isOutput || isVariable)
}

function environmentFor({ analysis, variables }: RunOptions): Environment {
  const environment = new Environment()
  environment.variables.clear()
  for (const [name, value] of Object.entries(constants)) environment.set(name, value)
  environment.set('dict', () => ({}))
  for (const name of analysis.names) {
    if (!Object.hasOwn(constants, name) && name !== 'dict' && Object.hasOwn(variables, name)) {
      environment.set(name, toLibrary(variables[name] ?? null))
    }
  }
  return environment
}

function sizeOf({ value }: RuntimeValue): { items: number; length: number } {
  if (typeof value === 'string') return { items: 0, length: value.length }
  return { items: Array.isArray(value) ? value.length : value instanceof Map ? value.size : 0, length: 0 }
}
