import { jsonText } from '../document.ts'

/*
 * SQLite's JSON functions end a text at its first NUL, so `"a\u0000b"` would equal `"a"`. Texts are therefore stored with NUL as
 * the pair U+0001 U+0001, and U+0001 itself as U+0001 U+0002: reversible, and the order of texts stays what it was.
 */
const written: Readonly<Record<string, string>> = { '\\u0000': '\\u0001\\u0001', '\\u0001': '\\u0001\\u0002' }
const read: Readonly<Record<string, string>> = { '\\u0001\\u0001': '\\u0000', '\\u0001\\u0002': '\\u0001' }
/** A backslash in JSON always starts an escape: taking `\\` as a whole keeps `\\u0000` (a backslash and five letters) as it is. */
const escapesToWrite = /\\u000[01]|\\./g
const escapesToRead = /\\u0001\\u000[12]|\\./g

/**
 * The text of a value as it is stored and compared.
 * Errors: `too_large` when it is nested too deeply to be written, `internal` when it is not JSON at all.
 */
export function toText(value: unknown): string {
  const text = jsonText(value)
  return text.includes('\\u000') ? text.replace(escapesToWrite, (found) => written[found] ?? found) : text
}

export function fromText(text: string): unknown {
  return JSON.parse(text.includes('\\u0001') ? text.replace(escapesToRead, (found) => read[found] ?? found) : text)
}

/** An id as the `id` column holds it: the same pairs as in `toText`, so that the two compare alike. */
export function idKey(id: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these two characters are what it is about.
  return id.replace(/[\u0000\u0001]/g, (character) => (character === '\u0000' ? '\u0001\u0001' : '\u0001\u0002'))
}
