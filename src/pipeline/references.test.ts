import { describe, expect, it } from 'vitest'
import { isProblem, type ProblemItem } from '../base/index.ts'
import { maxPipelineDepth, maxSteps, type ParseOptions, parsePipeline, renderPipeline } from './index.ts'

type Saved = Readonly<Record<string, unknown>>

const ref = (uid: unknown) => ({ type: 'ref', uid })
const from = (domain: unknown, ...steps: object[]) => [{ name: 'domain', domain }, ...steps]
const top = (limit: number) => ({ name: 'top', rank_on: 'sales', sort: 'desc', limit })
const among = (saved: Saved): ParseOptions => ({
  reference: (uid) => (Object.hasOwn(saved, uid) ? saved[uid] : undefined),
})

function read(raw: unknown, saved: Saved): unknown {
  const steps = renderPipeline(parsePipeline(raw, among(saved)), {}, new Date(0))
  // Without the symbols, which `toEqual` would compare.
  return structuredClone([...steps])
}

function refusal(raw: unknown, saved: Saved, options: ParseOptions = {}): readonly ProblemItem[] {
  try {
    parsePipeline(raw, { ...among(saved), ...options })
  } catch (error) {
    if (isProblem(error, 'pipeline_invalid')) return error.errors
    throw error
  }
  return []
}

describe('a reference stands for', () => {
  const saved = { best: from('sales', top(3)), name: 'sales', again: ref('best'), further: from(ref('best'), top(2)) }

  it.each([
    ['steps, which go on after them', from(ref('best'), top(1)), from('sales', top(3), top(1))],
    ['the name of a domain', from(ref('name'), top(1)), from('sales', top(1))],
    ['what the reference that is saved there stands for', from(ref('again'), top(1)), from('sales', top(3), top(1))],
    ['steps that begin with a reference', from(ref('further'), top(1)), from('sales', top(3), top(2), top(1))],
  ])('%s', (_, raw, plain) => {
    expect(read(raw, saved)).toEqual(read(plain, {}))
  })

  it('the right pipeline of a join and the members of an append, with domains beside them', () => {
    const join = (right: unknown) => ({ name: 'join', type: 'left', on: [['id', 'id']], right_pipeline: right })
    const append = (...pipelines: unknown[]) => ({ name: 'append', pipelines })
    const raw = from('costs', join(ref('best')), append(ref('name'), 'costs', ref('again'), from(ref('further'))))
    const best = from('sales', top(3))
    const plain = from('costs', join(best), append('sales', 'costs', best, [...best, top(2)]))
    expect(read(raw, saved)).toEqual(read(plain, {}))
  })

  it('the same query as often as it is named', () => {
    const raw = from(ref('best'), { name: 'append', pipelines: [ref('best'), from(ref('best'))] })
    const best = from('sales', top(3))
    expect(read(raw, saved)).toEqual(read([...best, { name: 'append', pipelines: [best, best] }], {}))
  })
})

describe('a reference is refused', () => {
  it('in a circle of three, and the circle is told', () => {
    const saved = { a: from(ref('b')), b: from('sales', { name: 'append', pipelines: [ref('c')] }), c: ref('a') }
    const message = 'The queries refer to each other in a circle: a → b → c → a.'
    expect(refusal(from(ref('a')), saved)).toEqual([expect.objectContaining({ message })])
  })

  it('to itself, at the place where it was sent', () => {
    const raw = from('sales', { name: 'append', pipelines: ['sales', ref('a')] })
    const message = 'The queries refer to each other in a circle: a → a.'
    expect(refusal(raw, { a: ref('a') })).toEqual([{ path: '/pipeline/1/pipelines/1', message }])
  })

  it.each([ref('x'), ref('__proto__'), ref('')])('to a query that is not there: %o', (reference) => {
    const message = `There is no query "${reference.uid}" to refer to.`
    expect(refusal(from(reference), {})).toEqual([{ path: '/pipeline/0/domain', message }])
    expect(refusal(from('sales', { name: 'append', pipelines: [reference] }), {})).toEqual([
      { path: '/pipeline/1/pipelines/0', message },
    ])
  })

  it.each([[undefined], [null], [7], [['a']], [{ toString: 'a' }], [true]])('whose uid is %o', (uid) => {
    const [only, ...rest] = refusal(from(ref(uid)), { undefined: 'sales', null: 'sales', '7': 'sales', a: 'sales' })
    expect(rest).toEqual([])
    expect(only).toEqual({ path: '/pipeline/0/domain', message: 'A reference names the uid of a query.' })
  })

  it.each([[7], [null], [{}], [{ steps: [] }], [[]], [[top(1)]], [true]])('to %o, which is no pipeline', (saved) => {
    expect(refusal(from('sales', { name: 'append', pipelines: [ref('a')] }), { a: saved })).not.toEqual([])
    expect(refusal(from(ref('a')), { a: saved })).not.toEqual([])
  })
})

describe('what follows a reference', () => {
  const native = { name: 'customsql', query: 'SELECT 1' }
  const refused = [expect.objectContaining({ message: expect.stringContaining('contribute') })]

  it('is no part of the saved query: native SQL for a connection is refused there', () => {
    const saved = { name: 'sales', steps: from('sales'), again: ref('name') }
    for (const uid of Object.keys(saved)) {
      expect(refusal(from(ref(uid), native), saved)).toEqual(refused)
      const nested = from('costs', { name: 'append', pipelines: [from(ref(uid), native)] })
      expect(refusal(nested, saved)).toEqual(refused)
      expect(refusal(from(ref(uid), native), saved, { mayBeNative: true })).toEqual([])
    }
  })

  it('may follow native SQL that was saved', () => {
    expect(refusal(from(ref('a'), top(1)), { a: from('sales', native) })).toEqual([])
    expect(refusal(from(ref('b'), top(1)), { b: from(ref('a'), native), a: 'sales' })).toEqual([])
  })
})

describe('what references stand for is bounded', () => {
  it('by the steps of a pipeline, however often one query is named', () => {
    const twenty = from('sales', ...Array.from({ length: 19 }, () => top(1)))
    const many = from('sales', { name: 'append', pipelines: Array(10_000).fill(ref('twenty')) })
    expect(refusal(many, { twenty })).toEqual([
      expect.objectContaining({ message: `A pipeline has at most ${maxSteps} steps in all.` }),
    ])
    const few = from('sales', { name: 'append', pipelines: [ref('twenty'), ref('twenty')] })
    expect(refusal(few, { twenty }, { maxSteps: 42 })).toEqual([])
    expect(refusal(few, { twenty }, { maxSteps: 41 })).toHaveLength(1)
  })

  it('when every query names the one before ten times', () => {
    const names = Array.from({ length: maxPipelineDepth }, (_, index) => `q${index}`)
    const saved = Object.fromEntries(
      names.map((name, index) => [
        name,
        index === 0 ? 'sales' : from('sales', { name: 'append', pipelines: Array(10).fill(ref(`q${index - 1}`)) }),
      ]),
    )
    const before = performance.now()
    expect(refusal(from(ref(names.at(-1))), saved)).toEqual([
      expect.objectContaining({ message: `A pipeline has at most ${maxSteps} steps in all.` }),
    ])
    expect(performance.now() - before).toBeLessThan(500)
  })

  it('when they lead from one to the next without an end', () => {
    const next = (uid: string) => ref(`${uid}x`)
    expect(refusal(from(ref('x')), {}, { reference: next })).toEqual([
      { path: '/pipeline/0/domain', message: 'Queries refer to one another at most 50 times in a row.' },
    ])
    expect(refusal(from(ref('x')), {}, { reference: (uid) => from(next(uid), top(1)) })).toHaveLength(1)
  })

  it('in what is said about very many that lead nowhere', () => {
    const many = from('sales', { name: 'append', pipelines: Array(10_000).fill(ref('x')) })
    expect(refusal(many, {}).length).toBeLessThanOrEqual(maxSteps + 1)
  })
})
