import { once } from '../once.ts'
import { casePairs } from '../sql/letters.ts'
import {
  bound,
  call,
  choose,
  type Expression,
  isNull,
  item,
  literal,
  literals,
  nothing,
  soFar,
  variable,
} from './expression.ts'

/** Both as lists of letters, of which the n-th of one becomes the n-th of the other. */
const counterparts = { lower: once(() => listsOf('lower')), upper: once(() => listsOf('upper')) } as const

const operators = { lower: '$toLower', upper: '$toUpper' } as const

/**
 * A text in small or in capital letters, those of all Unicode. MongoDB's own operators know ASCII, which is all that most texts have; only
 * in others is each character looked up, so that time grows with the square of their length. Null for null.
 */
export function inCase(text: Expression, kind: 'lower' | 'upper'): Expression {
  const t = variable('t0')
  const hasOthers = call('$regexMatch', { input: t, regex: literal('[^\\x00-\\x7f]', 'text') })
  const places = call('$range', [literal(0, 'integer'), call('$strLenCP', t)])
  const char = call('$substrCP', [t, item, literal(1, 'integer')])
  const lookedUp = call('$reduce', {
    input: places,
    initialValue: literal('', 'text'),
    in: call('$concat', [soFar, letterInCase(char, kind)]),
  })
  const cased = choose(hasOthers, lookedUp, call(operators[kind], t))
  return bound({ t0: text }, choose(isNull(t), nothing, cased))
}

function letterInCase(char: Expression, kind: 'lower' | 'upper'): Expression {
  const { from, to } = counterparts[kind]()
  const [c, place] = [variable('c0'), variable('p0')]
  const found = bound(
    { p0: call('$indexOfArray', [from, c]) },
    choose(call('$gte', [place, literal(0, 'integer')]), call('$arrayElemAt', [to, place]), c),
  )
  const isAscii = call('$lte', [c, literal('\x7f', 'text')])
  return bound({ c0: char }, choose(isAscii, call(operators[kind], c), found))
}

function listsOf(kind: 'lower' | 'upper'): { readonly from: Expression; readonly to: Expression } {
  const { from, to } = casePairs(kind)
  return { from: literals([...from], 'text'), to: literals([...to], 'text') }
}
