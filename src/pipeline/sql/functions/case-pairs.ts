/** Letters with the one letter that is their counterpart in the other case; `from[i]` becomes `to[i]`. ASCII is not among them. */
export interface CasePairs {
  readonly from: string
  readonly to: string
}

/** Behind it come no letters with two cases. */
const lastLetter = 0x1e943

export function casePairs(kind: 'lower' | 'upper'): CasePairs {
  const pairs = Array.from({ length: lastLetter - 0x7f }, (_, index) => String.fromCodePoint(index + 0x80)).flatMap(
    (letter) => {
      const other = kind === 'lower' ? smallLetter(letter) : capitalLetter(letter)
      return other === letter ? [] : [[letter, other] as const]
    },
  )
  return { from: pairs.map(([letter]) => letter).join(''), to: pairs.map(([, other]) => other).join('') }
}

function smallLetter(letter: string): string {
  if (letter === 'İ') return 'i'
  return single(letter.toLowerCase()) ?? letter
}

/** What has no capital of one letter but belongs to one with a subscript, such as ᾳ, is found in the other direction. */
function capitalLetter(letter: string): string {
  const capital = single(letter.toUpperCase())
  if (capital !== undefined) return capital
  const point = letter.codePointAt(0) ?? 0
  const near = [point + 8, point + 9].map((other) => String.fromCodePoint(other))
  return near.find((other) => other.toLowerCase() === letter) ?? letter
}

function single(text: string): string | undefined {
  return [...text].length === 1 ? text : undefined
}
