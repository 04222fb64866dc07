import { perlClass, readEscape, verbatim } from './pattern-escapes.ts'

const posix: ReadonlyMap<string, readonly (readonly [number, number])[]> = new Map([
  [
    'alnum',
    [
      [0x30, 0x39],
      [0x41, 0x5a],
      [0x61, 0x7a],
    ],
  ],
  [
    'alpha',
    [
      [0x41, 0x5a],
      [0x61, 0x7a],
    ],
  ],
  ['ascii', [[0, 0x7f]]],
  [
    'blank',
    [
      [0x09, 0x09],
      [0x20, 0x20],
    ],
  ],
  [
    'cntrl',
    [
      [0, 0x1f],
      [0x7f, 0x7f],
    ],
  ],
  ['digit', [[0x30, 0x39]]],
  ['graph', [[0x21, 0x7e]]],
  ['lower', [[0x61, 0x7a]]],
  ['print', [[0x20, 0x7e]]],
  [
    'punct',
    [
      [0x21, 0x2f],
      [0x3a, 0x40],
      [0x5b, 0x60],
      [0x7b, 0x7e],
    ],
  ],
  [
    'space',
    [
      [0x09, 0x0d],
      [0x20, 0x20],
    ],
  ],
  ['upper', [[0x41, 0x5a]]],
  [
    'word',
    [
      [0x30, 0x39],
      [0x41, 0x5a],
      [0x5f, 0x5f],
      [0x61, 0x7a],
    ],
  ],
  [
    'xdigit',
    [
      [0x30, 0x39],
      [0x41, 0x46],
      [0x61, 0x66],
    ],
  ],
])

/** The class that begins with the `[` at `start`, with POSIX names and everything that engines escape otherwise written out. */
export function classFor(pattern: string, start: number): { text: string; end: number } {
  let offset = start + 1
  let text = '['
  if (pattern[offset] === '^') {
    text += '^'
    offset++
  }
  for (let first = true; first || pattern[offset] !== ']'; first = false) {
    if (offset >= pattern.length) break
    const item = readItem(pattern, offset)
    text += item.text
    offset = item.end
  }
  return { text: `${text}]`, end: offset + 1 }
}

function readItem(pattern: string, offset: number): { text: string; end: number } {
  const named = /^\[:(\^?)(\w+):\]/.exec(pattern.slice(offset))
  if (named) return { text: posixSet(named[2] ?? '', named[1] === '^'), end: offset + named[0].length }
  const known = pattern[offset] === '\\' ? perlClass(pattern, offset) : undefined
  if (known) return { text: known.text === '[\\s\\S]' ? '\\x00-\u{10FFFF}' : known.text, end: known.end }
  const low = readChar(pattern, offset)
  const isRange = pattern[low.end] === '-' && low.end + 1 < pattern.length && pattern[low.end + 1] !== ']'
  if (!isRange) return { text: verbatim(low.char), end: low.end }
  const high = readChar(pattern, low.end + 1)
  return { text: `${verbatim(low.char)}-${verbatim(high.char)}`, end: high.end }
}

function readChar(pattern: string, offset: number): { char: string; end: number } {
  if (pattern[offset] === '\\') return readEscape(pattern, offset)
  const char = String.fromCodePoint(pattern.codePointAt(offset) ?? 0)
  return { char, end: offset + char.length }
}

function posixSet(name: string, negated: boolean): string {
  const ranges = posix.get(name) ?? []
  return (negated ? complement(ranges) : ranges)
    .map(([low, high]) => `${verbatim(String.fromCodePoint(low))}-${verbatim(String.fromCodePoint(high))}`)
    .join('')
}

function complement(ranges: readonly (readonly [number, number])[]): [number, number][] {
  const between: [number, number][] = []
  let next = 0
  for (const [low, high] of ranges) {
    if (low > next) between.push([next, low - 1])
    next = high + 1
  }
  return [...between, [next, 0x10ffff]]
}
