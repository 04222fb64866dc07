import { Problem } from '../base/index.ts'

/**
 * The JSON text of a document or a value.
 * Errors: `too_large` when it is nested too deeply to be written, `internal` when it is not JSON at all.
 */
export function jsonText(value: unknown): string {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (cause) {
    if (cause instanceof RangeError) throw tooDeep()
    throw new Problem('internal', 'A value to store is not JSON.', { cause })
  }
  if (text === undefined) throw new Problem('internal', 'A value to store is not JSON.')
  return text
}

/** Whether a text can be an id: not empty, at most 1,000 characters, no half of a surrogate pair (databases would replace it). */
export function isId(id: unknown): id is string {
  return typeof id === 'string' && id.length > 0 && id.length <= 1000 && !/\p{Surrogate}/u.test(id)
}

/** Errors: `invalid_request` when the document has no id that can be kept. */
export function checkId(doc: { readonly id: unknown }, collection: string): void {
  if (isId(doc.id)) return
  throw new Problem('invalid_request', `An id in "${collection}" must have 1 to 1000 characters of valid Unicode.`)
}

export const tooDeep = () =>
  new Problem('too_large', 'A document is nested deeper than 1000 levels, the most that is kept.')

export function changedMeanwhile(collection: string, id: string): Problem {
  return new Problem('precondition_failed', `"${id}" in "${collection}" was changed or removed meanwhile.`)
}

/** `what` is a field, or `id`. */
export function taken(collection: string, what: string): Problem {
  return new Problem(
    'conflict',
    what === 'id' ? `This id is taken in "${collection}".` : `This "${what}" is taken in "${collection}".`,
  )
}

/** A field that should be unique from now on, and is not. */
export function notUnique(collection: string, cause: unknown): Problem {
  return new Problem(
    'storage_failed',
    `Documents in "${collection}" share a value that must now be unique. Remove all but one of each with the program before.`,
    { cause },
  )
}
