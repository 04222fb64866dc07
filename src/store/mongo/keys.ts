import { isObject, type Json, sha256 } from '../../base/index.ts'
import { jsonText } from '../document.ts'
import { isField } from '../names.ts'

/** What a value is found and ordered by. MongoDB puts numbers before texts, and nothing before numbers. */
export type Key = number | string

/** How the keys of texts begin, and behind them those of the rest: booleans, lists, objects. */
export const textStart = 's'
export const restStart = 't'

/** Of longer texts only so many characters are ordered, and the rest is told apart by its hash. */
const longest = 500

/** The fields of a document as MongoDB finds them. Maps, since names of members may mean something to objects or to the driver. */
export interface Keys {
  /** By path: the keys of whatever is not null. */
  readonly k: ReadonlyMap<string, Key>
  /** By path: the members of lists. */
  readonly m: ReadonlyMap<string, readonly Key[]>
  /** The paths of nulls. */
  readonly n: readonly string[]
}

/**
 * The keys of every field that a filter can name. Lists are not looked into, so that no path goes through them, and MongoDB meets no
 * list where it compares: it would take a list for each of its members.
 */
export function keysOf(doc: object): Keys {
  const k = new Map<string, Key>()
  const m = new Map<string, readonly Key[]>()
  const n: string[] = []
  addMembers(doc, [])
  return { k, m, n }

  function addMembers(object: object, parents: readonly string[]): void {
    for (const [name, value] of Object.entries(object)) {
      const parts = [...parents, name]
      const field = parts.join('.')
      // An id is found by itself.
      if (field === 'id' || !isField(field) || name.includes('.')) continue
      const path = pathOf(parts)
      if (value === null) n.push(path)
      else k.set(path, keyOf(value))
      if (Array.isArray(value)) m.set(path, value.map(memberKey))
      else if (isObject(value)) addMembers(value, parts)
    }
  }
}

/** The name of a field among the keys: its JSON Pointer. It has no dots, which MongoDB would follow. */
export function pathOf(parts: readonly string[]): string {
  return `/${parts.join('/')}`
}

/** Errors: as `jsonText`. */
export function keyOf(value: Exclude<Json, null>): Key {
  // Not −0, which some servers do not take for 0.
  if (typeof value === 'number') return value === 0 ? 0 : value
  if (typeof value === 'string') return textStart + shortened(orderedText(value))
  return restStart + shortened(jsonText(value))
}

/** Null is a member like any other. */
export function memberKey(value: Json): Key {
  return value === null ? `${restStart}null` : keyOf(value)
}

function shortened(text: string): string {
  if (text.length <= longest) return text
  return `${text.slice(0, isHighSurrogate(text.charCodeAt(longest - 1)) ? longest - 1 : longest)}\u0000${sha256(text)}`
}

const isHighSurrogate = (code: number) => code >= 0xd800 && code < 0xdc00

/** The last character before the halves of characters, which UTF-8 cannot hold. */
const escapeMark = '\ud7ff'

/**
 * A text that survives UTF-8, whatever half characters it has: no two texts become the same one, and their order stays what it was.
 */
export function orderedText(text: string): string {
  return text.replace(/\ud7ff|\p{Surrogate}/gu, (found) =>
    found === escapeMark
      ? `${escapeMark}\u0001`
      : `${escapeMark}\u0002${String.fromCharCode(found.charCodeAt(0) + 0x800)}`,
  )
}
