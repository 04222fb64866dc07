import { describe, expect, it } from 'vitest'
import { domainsOf, mapDomainSteps, type Pipeline, parsePipeline, renderPipeline } from './index.ts'

const domain = (name: string) => ({ name: 'domain', domain: name })

function pipelineOf(raw: unknown): Pipeline {
  return renderPipeline(parsePipeline(raw, {}), { unset: '__VOID__' }, new Date('2024-05-05'))
}

/** Domains in both kinds of nested pipelines, in each other; some steps wait for their variables. */
const nested = pipelineOf([
  domain('root'),
  {
    name: 'append',
    pipelines: [
      'named',
      [
        domain('listed'),
        { name: 'filter', condition: { column: 'a', operator: 'eq', value: '{{ unset }}' } },
        { name: 'join', type: 'left', on: [['a', 'a']], right_pipeline: [domain('joined'), appendOf('in a join')] },
      ],
      [domain('deep'), appendOf('deeper', [domain('listed deeper'), appendOf('deepest')])],
    ],
  },
])

function appendOf(...pipelines: unknown[]) {
  return { name: 'append', pipelines }
}

describe('the domains of an append', () => {
  const all = ['root', 'named', 'listed', 'joined', 'in a join', 'deep', 'deeper', 'listed deeper', 'deepest']

  it('are all found, with their places', () => {
    const uses = domainsOf(nested)
    expect(uses.map((use) => use.domain)).toEqual(all)
    expect(uses.find((use) => use.domain === 'named')?.path).toBe('/pipeline/1/pipelines/0')
    expect(uses.find((use) => use.domain === 'deepest')?.path).toBe(
      '/pipeline/1/pipelines/2/1/pipelines/1/1/pipelines/0',
    )
  })

  it('all get the rule that the guard puts on them', () => {
    const seen: string[] = []
    const ruled = mapDomainSteps(nested, (step) => {
      seen.push(step.domain)
      return { ...step, rule: { always: false } }
    })
    expect(seen).toEqual(all)
    expect(JSON.stringify(ruled).match(/"rule":\{"always":false\}/g)).toHaveLength(all.length)
  })
})
