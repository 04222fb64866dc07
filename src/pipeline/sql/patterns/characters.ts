import { casedLetters, single } from '../letters.ts'

/** From the first to the last code point, both included. */
export type Range = readonly [first: number, last: number]

/** Sorted, apart from each other, without surrogates, which no text has. */
export type Characters = readonly Range[]

const last = 0x10ffff

export const anyCharacter: Characters = characters([[0, last]])
export const newline: Characters = [[0x0a, 0x0a]]
export const wordCharacters: Characters = characters([...span('09'), ...span('AZ'), ...span('__'), ...span('az')])

export function characters(ranges: readonly Range[]): Characters {
  const merged: [number, number][] = []
  for (const [from, to] of [...ranges].sort(([a], [b]) => a - b)) {
    const before = merged.at(-1)
    if (before && from <= before[1] + 1) before[1] = Math.max(before[1], to)
    else merged.push([from, to])
  }
  return merged.flatMap(([from, to]): Range[] => {
    const [low, high]: Range[] = [
      [from, Math.min(to, 0xd7ff)],
      [Math.max(from, 0xe000), to],
    ]
    return [low, high].filter((range): range is Range => range !== undefined && range[0] <= range[1])
  })
}

export function without(excluded: Characters): Characters {
  const ranges: Range[] = []
  let next = 0
  for (const [from, to] of excluded) {
    if (from > next) ranges.push([next, from - 1])
    next = to + 1
  }
  return characters(next <= last ? [...ranges, [next, last]] : ranges)
}

/** `az`: the characters from a to z; several pairs one after the other. */
function span(pairs: string): Range[] {
  const points = [...pairs].map((char) => char.codePointAt(0) ?? 0)
  return points.flatMap((from, index): Range[] => (index % 2 === 0 ? [[from, points[index + 1] ?? from]] : []))
}

/** What a class has in RE2, where all but those with a name of Unicode are ASCII. */
export const perlClasses: ReadonlyMap<string, Characters> = new Map([
  ['d', characters(span('09'))],
  ['s', characters([...span('\t\n\f\r'), ...span('  ')])],
  ['w', wordCharacters],
])

export const posixClasses: ReadonlyMap<string, Characters> = new Map(
  Object.entries({
    alnum: '09AZaz',
    alpha: 'AZaz',
    ascii: '\0\x7f',
    blank: '\t\t  ',
    cntrl: '\0\x1f\x7f\x7f',
    digit: '09',
    graph: '!~',
    lower: 'az',
    print: ' ~',
    punct: '!/:@[`{~',
    space: '\t\r  ',
    upper: 'AZ',
    word: '09AZ__az',
    xdigit: '09AFaf',
  }).map(([name, pairs]) => [name, characters(span(pairs))]),
)

/** Where characters are assigned; of the two planes for private use every one is. */
const assigned: readonly Range[] = [
  [0, 0xd7ff],
  [0xe000, 0x3347f],
  [0xe0000, 0xe01ff],
]
const privateUse: readonly Range[] = [
  [0xf0000, 0xffffd],
  [0x100000, 0x10fffd],
]

/** The characters of a general category or script. */
export function unicodeClass(name: string): Characters {
  if (name === 'Any') return anyCharacter
  // What is not assigned is of no category here.
  const classes = name === 'C' ? ['Cc', 'Cf', 'Co'] : [name]
  const tests = classes.map((one) => new RegExp(one.length <= 2 ? `\\p{${one}}` : `\\p{Script=${one}}`, 'u'))
  const has = (point: number): boolean => tests.some((test) => test.test(String.fromCodePoint(point)))
  const found = assigned.flatMap(([from, to]) => {
    const ranges: [number, number][] = []
    for (let point = from; point <= to; point++) {
      if (!has(point)) continue
      const before = ranges.at(-1)
      if (before && before[1] === point - 1) before[1] = point
      else ranges.push([point, point])
    }
    return ranges
  })
  return characters([...found, ...privateUse.filter(([from]) => has(from))])
}

/** The letters of ASCII and the two others that are the same as one of them. */
const foldedToAscii = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz\u017f\u212a']

/** With the capital and small letters that Unicode takes for the same, such as the Kelvin sign for K. */
export function foldCase(set: Characters): Characters {
  const isAscii = (set.at(-1)?.[1] ?? 0) < 0x80
  const byFold = new Map<string, number[]>()
  for (const letter of isAscii ? foldedToAscii : casedLetters()) {
    const folded = foldOf(letter)
    byFold.set(folded, [...(byFold.get(folded) ?? []), letter.codePointAt(0) ?? 0])
  }
  const added = [...byFold.values()].filter(
    (points) => points.length > 1 && points.some((point) => includes(set, point)),
  )
  return characters([...set, ...added.flat().map((point): Range => [point, point])])
}

function foldOf(letter: string): string {
  // In Unicode's simple folding these have no other case.
  if (letter === 'ı' || letter === 'İ') return letter
  const capital = single(letter.toUpperCase()) ?? letter
  return single(capital.toLowerCase()) ?? capital
}

export function includes(set: Characters, point: number): boolean {
  return set.some(([from, to]) => from <= point && point <= to)
}
