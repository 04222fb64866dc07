import { isObject, isProblem, type ProblemItem } from '../../base/index.ts'
import { compileTemplate, isTemplate } from '../templates/template.ts'
import { type StepPlace, stepError } from './validate.ts'

/** Whatever does not parse among the templates of a step, each with its position. */
export function templateErrors(step: StepPlace, raw: unknown): ProblemItem[] {
  const errors: ProblemItem[] = []
  check(raw, [], (path, text) => {
    try {
      compileTemplate(text)
    } catch (error) {
      if (!isProblem(error)) throw error
      const position = error.errors[0]?.position
      errors.push(stepError(step, path, { message: error.message, ...(position === undefined ? {} : { position }) }))
    }
  })
  return errors
}

type Visit = (path: readonly (string | number)[], text: string) => void

function check(value: unknown, path: readonly (string | number)[], visit: Visit): void {
  if (typeof value === 'string') {
    if (isTemplate(value)) visit(path, value)
  } else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) check(item, [...path, index], visit)
  } else if (isObject(value)) {
    for (const [key, member] of Object.entries(value)) check(member, [...path, key], visit)
  }
}
