import { type Json, Problem } from '../base/index.ts'

/** A payload as text. Errors: `internal` when it is not JSON. */
export function jsonText(payload: Json): string {
  let text: string | undefined
  try {
    text = JSON.stringify(payload)
  } catch (cause) {
    throw new Problem('internal', 'A message is not JSON.', { cause })
  }
  if (text === undefined) throw new Problem('internal', 'A message is not JSON.')
  return text
}

export function isJsonText(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
