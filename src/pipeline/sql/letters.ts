import { once } from '../once.ts'

/** Letters with the one letter that is their counterpart in the other case; `from[i]` becomes `to[i]`. ASCII is not among them. */
export interface CasePairs {
  readonly from: string
  readonly to: string
}

/** Where Unicode has letters with two cases, from the first to the last of each stretch. */
const stretches = [
  ['A', 'z'],
  ['\u0080', '\u0587'],
  ['\u10a0', '\u10ff'],
  ['\u13a0', '\u13ff'],
  ['\u1c80', '\u1cbf'],
  ['\u1d79', '\u1d8e'],
  ['\u1e00', '\u1fff'],
  ['\u2126', '\u2184'],
  ['\u24b6', '\u24e9'],
  ['\u2c00', '\u2d2d'],
  ['\ua640', '\ua7ff'],
  ['\uab53', '\uabbf'],
  ['\ufb00', '\ufb17'],
  ['\uff21', '\uff5a'],
  ['\u{10400}', '\u{105bc}'],
  ['\u{10c80}', '\u{10cf2}'],
  ['\u{10d50}', '\u{10d85}'],
  ['\u{118a0}', '\u{118df}'],
  ['\u{16e40}', '\u{16e7f}'],
  ['\u{16ea0}', '\u{16ed3}'],
  ['\u{1e900}', '\u{1e943}'],
] as const

/** Every letter that has another case, and some characters that have none. */
export function casedLetters(): string[] {
  return stretches.flatMap(([first, last]) => {
    const from = first.codePointAt(0) ?? 0
    const count = (last.codePointAt(0) ?? 0) - from + 1
    return Array.from({ length: count }, (_, index) => String.fromCodePoint(from + index))
  })
}

const pairs = { lower: once(() => findPairs('lower')), upper: once(() => findPairs('upper')) } as const

/** Finding them all takes some 10 ms. */
export function casePairs(kind: 'lower' | 'upper'): CasePairs {
  return pairs[kind]()
}

function findPairs(kind: 'lower' | 'upper'): CasePairs {
  const found = casedLetters().flatMap((letter) => {
    const other = kind === 'lower' ? smallLetter(letter) : capitalLetter(letter)
    return other === letter || letter < '\u0080' ? [] : [[letter, other] as const]
  })
  return { from: found.map(([letter]) => letter).join(''), to: found.map(([, other]) => other).join('') }
}

function smallLetter(letter: string): string {
  if (letter === 'İ') return 'i'
  return single(letter.toLowerCase()) ?? letter
}

/** What has no capital of one letter but belongs to one with a subscript, such as ᾳ, is found in the other direction. */
function capitalLetter(letter: string): string {
  if (letter === 'ß') return 'ẞ'
  const capital = single(letter.toUpperCase())
  if (capital !== undefined) return capital
  const point = letter.codePointAt(0) ?? 0
  const near = [point + 8, point + 9].map((other) => String.fromCodePoint(other))
  return near.find((other) => other.toLowerCase() === letter) ?? letter
}

/** The text, if it is one character. */
export function single(text: string): string | undefined {
  return [...text].length === 1 ? text : undefined
}
