import type { AttributeValue, Cell, ViewAs } from './api/types.ts'

/** What stands in the fields of the form. */
export interface ViewAsFields {
  readonly by: 'user' | 'groups'
  readonly user: string
  /** Names with commas between them. */
  readonly groups: string
  /** A line for each: `name = value`. */
  readonly attributes: string
}

export type ReadViewAs = { readonly viewAs: ViewAs } | { readonly mistake: string }

/** Reads the form; a mistake is said in words. */
export function readViewAs({ by, user, groups, attributes }: ViewAsFields): ReadViewAs {
  if (by === 'user') {
    const name = user.trim()
    return name === '' ? { mistake: 'Type the name of a user.' } : { viewAs: { user: name } }
  }
  const read: Record<string, AttributeValue> = {}
  for (const line of attributes.split('\n').filter((text) => text.trim() !== '')) {
    const at = line.indexOf('=')
    const name = line.slice(0, at).trim()
    if (at < 0 || name === '') return { mistake: `An attribute is written as "name = value": "${line.trim()}" is not.` }
    if (Object.hasOwn(read, name)) return { mistake: `The attribute "${name}" is there twice.` }
    // Defined, so that a name such as "__proto__" is a name like any other.
    Object.defineProperty(read, name, { value: readValue(line.slice(at + 1).trim()), enumerable: true })
  }
  const names = groups.split(',').map((name) => name.trim())
  return { viewAs: { groups: [...new Set(names)].filter((name) => name !== ''), attributes: read } }
}

/** Numbers, yes and no, lists and quoted texts as JSON has them; everything else is the text that it is. */
function readValue(text: string): AttributeValue {
  try {
    const value: unknown = JSON.parse(text)
    return isCell(value) || (Array.isArray(value) && value.every(isCell)) ? value : text
  } catch {
    return text
  }
}

function isCell(value: unknown): value is Cell {
  return value === null || typeof value !== 'object'
}

/** Whom a builder looks as, in a few words. */
export function viewAsWords(viewAs: ViewAs): string {
  if ('user' in viewAs) return viewAs.user
  const { groups, attributes } = viewAs
  const names = Object.keys(attributes)
  const parts = [
    groups.length > 0 ? `${groups.length === 1 ? 'the group' : 'the groups'} ${groups.join(', ')}` : 'no group',
    ...(names.length > 0 ? [`the ${names.length === 1 ? 'attribute' : 'attributes'} ${names.join(', ')}`] : []),
  ]
  return `somebody with ${parts.join(' and ')}`
}
