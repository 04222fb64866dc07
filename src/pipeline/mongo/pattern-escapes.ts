/** One character as itself, everywhere in an expression. */
export function verbatim(char: string): string {
  const code = char.codePointAt(0) ?? 0
  if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, '0')}`
  return /[\^$\\.*+?()[\]{}|/-]/.test(char) ? escapedSign(char) : char
}

/** Outside of a class, `\-` means nothing to some engines. */
function escapedSign(char: string): string {
  return char === '-' ? '\\x2d' : `\\${char}`
}

const control: ReadonlyMap<string, string> = new Map([
  ['a', '\x07'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
])

/** The character that the escape at `offset` stands for, such as `\x{1F600}`, `\101` or `\.`. */
export function readEscape(pattern: string, offset: number): { readonly char: string; readonly end: number } {
  const rest = pattern.slice(offset)
  const hex = /^\\x(?:\{([\da-f]+)\}|([\da-f]{2}))/i.exec(rest)
  if (hex) return of(Number.parseInt(hex[1] ?? hex[2] ?? '0', 16), offset + hex[0].length)
  const octal = /^\\([0-7]{1,3})/.exec(rest)
  if (octal) return of(Number.parseInt(octal[1] ?? '0', 8), offset + octal[0].length)
  const char = String.fromCodePoint(pattern.codePointAt(offset + 1) ?? 0x5c)
  return { char: control.get(char) ?? char, end: offset + 1 + char.length }
}

function of(code: number, end: number): { char: string; end: number } {
  return { char: String.fromCodePoint(code), end }
}

/** What a class such as `\d` or `\p{Greek}` is. `isSet`: it can stand alone, without brackets. */
export interface PerlClass {
  readonly text: string
  readonly isSet: boolean
  readonly end: number
}

const perl: ReadonlyMap<string, string> = new Map([
  ['d', '0-9'],
  ['D', '\\x00-/:-\u{10FFFF}'],
  ['w', '0-9A-Za-z_'],
  ['W', '\\x00-/:-@\\[-\\^`\\{-\u{10FFFF}'],
  ['s', '\\t\\n\\f\\r '],
  ['S', '\\x00-\\x08\\x0b\\x0e-\\x1f!-\u{10FFFF}'],
])

/** Undefined when the escape at `offset` is no class. */
export function perlClass(pattern: string, offset: number): PerlClass | undefined {
  const letter = pattern[offset + 1] ?? ''
  const set = perl.get(letter)
  if (set !== undefined) return { text: set, isSet: false, end: offset + 2 }
  const property = /^\\([pP])(?:\{(\^?)([^}]*)\}|(\w))/.exec(pattern.slice(offset))
  if (!property) return undefined
  const negated = (property[1] === 'P') !== (property[2] === '^')
  const name = property[3] ?? property[4] ?? ''
  const end = offset + property[0].length
  if (name === 'Any') return { text: negated ? '[^\\s\\S]' : '[\\s\\S]', isSet: true, end }
  return { text: `\\${negated ? 'P' : 'p'}{${name}}`, isSet: true, end }
}

export interface Flags {
  readonly fold: boolean
  readonly lines: boolean
  readonly dotAll: boolean
  readonly swapGreed: boolean
}

export const noFlags: Flags = { fold: false, lines: false, dotAll: false, swapGreed: false }

/** The flags after `im-sU`. */
export function flagsIn(flags: Flags, letters: string): Flags {
  const [on = '', off = ''] = letters.split('-')
  const after = (letter: string, before: boolean): boolean => (before || on.includes(letter)) && !off.includes(letter)
  return {
    fold: after('i', flags.fold),
    lines: after('m', flags.lines),
    dotAll: after('s', flags.dotAll),
    swapGreed: after('U', flags.swapGreed),
  }
}
