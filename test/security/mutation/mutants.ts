/** A change that takes a piece of row security away. `find` stands exactly once in the file; `fixed-cases.test.ts` sees it unless `seenBy` says otherwise. */
export interface Mutant {
  readonly name: string
  /** Below `src`. */
  readonly file: string
  readonly edits: readonly (readonly [find: string, replace: string])[]
  readonly seenBy?: string
}

const open = "{ rule: { always: true }, kept: undefined, applied: [], because: 'no_match' as const }"

export const mutants: readonly Mutant[] = [
  {
    name: 'a query goes on without the guard',
    file: 'data/prepare.ts',
    edits: [['guard(query, context)', "{ query, fingerprint: '', restricted: false, rules: new Map() }"]],
  },
  {
    name: 'what is read to be kept does not go through the guard',
    file: 'features/domains/read-connection.work.ts',
    edits: [
      [
        "guard({ pipeline: [{ name: 'domain', domain }] }, context).query",
        "{ pipeline: [{ name: 'domain' as const, domain }] }",
      ],
    ],
  },
  {
    name: 'the guard does not ask for the rules of a domain',
    file: 'access/guard.ts',
    edits: [['domainRule(context.records(domain), context)', open]],
  },
  {
    name: 'the guard puts no rules on the domains',
    file: 'access/guard.ts',
    edits: [['return kept ? { ...step, rule, kept } : { ...step, rule }', 'return step']],
  },
  {
    name: 'the guard forgets the columns that are kept back',
    file: 'access/guard.ts',
    edits: [['return kept ? { ...step, rule, kept } : { ...step, rule }', 'return { ...step, rule }']],
  },
  {
    name: 'the guard does not look into derived domains',
    file: 'pipeline/domain-steps.ts',
    edits: [
      [
        "return change(value.of ? { ...value, of: walk(value.of, change) as DomainStep['of'] } : value)",
        'return change(value)',
      ],
    ],
  },
  {
    name: 'a query is planned that was not guarded',
    file: 'data/data.ts',
    edits: [
      [
        'planGuarded(guarded.query, sources.placeOf)',
        'planGuarded({ ...guarded.query, pipeline: guarded.query.pipeline }, sources.placeOf)',
      ],
    ],
  },
  {
    name: 'an answer is explained of a query that was not guarded',
    file: 'data/explain.ts',
    edits: [
      [
        'planGuarded(guarded.query, sources.placeOf)',
        'planGuarded({ ...guarded.query, pipeline: guarded.query.pipeline }, sources.placeOf)',
      ],
    ],
  },
  {
    name: 'a native query is matched on hidden columns',
    file: 'data/prepare.ts',
    edits: [
      [
        'const { kept } = domainRule(context.records(step.domain), context)',
        'const kept: { hide: string[] } | undefined = undefined as { hide: string[] } | undefined',
      ],
    ],
  },
  {
    name: 'hidden columns are listed',
    file: 'features/domains/domains.routes.ts',
    edits: [
      [
        'const { kept } = domainRule(recordsOf(release, domain), { principal, app, stage, whenUnset })',
        'const kept = [undefined as { hide: string[] } | undefined, principal, whenUnset].slice(0, 0)[0] as { hide: string[] } | undefined',
      ],
    ],
    seenBy: 'src/features/queries/native.test.ts',
  },
  {
    name: 'answers are kept without the rules in their name',
    file: 'data/prepare.ts',
    edits: [['canonicalQuery(guarded.query), guarded.fingerprint, slice', 'canonicalQuery(query), slice']],
  },
  {
    name: 'readers may write SQL for a connection',
    file: 'data/resolve-query.ts',
    edits: [["privilegeOn(ctx.principal, ctx.app) === 'contribute'", 'privilegeOn(ctx.principal, ctx.app) !== null']],
  },
  {
    name: 'rows that were fetched from a source that cannot filter are not filtered',
    file: 'pipeline/plan.ts',
    edits: [
      [
        'return benching(bench.tables, [{ ...itself, domain }])',
        'return benching(bench.tables, [{ ...itself, domain, rule: { always: true } }])',
      ],
    ],
  },
  {
    name: 'columns of such a source are not kept back',
    file: 'pipeline/plan.ts',
    edits: [
      [
        'return benching(bench.tables, [{ ...itself, domain }])',
        'return benching(bench.tables, [{ ...itself, domain, kept: undefined }])',
      ],
    ],
  },
  {
    name: 'a derived domain of such a source has no rule of its own',
    file: 'pipeline/plan.ts',
    edits: [
      [
        'return benching(bench.tables, [{ ...itself, of: bench.pipeline }])',
        'return benching(bench.tables, [{ ...itself, of: bench.pipeline, rule: { always: true } }])',
      ],
    ],
  },
  {
    name: 'a derived domain on one engine has no rule of its own',
    file: 'pipeline/plan.ts',
    edits: [
      ['[{ ...step, of: inner.query.pipeline }]', '[{ ...step, of: inner.query.pipeline, rule: { always: true } }]'],
    ],
  },
  {
    name: 'what a native query reads besides is not seen by the guard',
    file: 'pipeline/plan.ts',
    edits: [
      [
        '[read[0].domain, plan(read)] as const',
        '[read[0].domain, plan([{ ...read[0], rule: { always: true } }])] as const',
      ],
    ],
  },
  {
    name: 'a domain without a decision is compiled',
    file: 'pipeline/steps/domain.ts',
    edits: [
      [
        "if (!rule) throw new Problem('internal', 'A domain reached the compiler without a permission decision.')\n  return rule",
        'return rule ?? { always: true }',
      ],
    ],
  },
  {
    name: 'SQL leaves the rule out',
    file: 'pipeline/steps/domain.ts',
    edits: [['conditionSql(rule,', 'conditionSql({ always: true },']],
  },
  {
    name: 'SQL takes "nothing" for "everything"',
    file: 'pipeline/steps/domain.ts',
    edits: [["'always' in rule && rule.always", "'always' in rule"]],
  },
  {
    name: 'SQL shows what is masked',
    file: 'pipeline/steps/domain.ts',
    edits: [
      [
        'rule.always\n    const masks = maskedColumns(rows.columns, step)',
        'rule.always\n    const masks = maskedColumns(rows.columns, { ...step, kept: undefined })',
      ],
    ],
  },
  {
    name: 'hidden columns are shown',
    file: 'pipeline/steps/domain.ts',
    edits: [
      [
        'return kept ? columns.filter(({ name }) => !kept.hide.includes(name)) : columns',
        'return kept ? columns : columns',
      ],
    ],
  },
  {
    name: 'MongoDB leaves the rule out',
    file: 'pipeline/steps/domain.ts',
    edits: [['const seen = allowed ? after(rows, { $match: allowed }) : rows', 'const seen = allowed ? rows : rows']],
  },
  {
    name: 'MongoDB shows what is masked',
    file: 'pipeline/steps/domain.ts',
    edits: [
      [
        ': rows\n    const masks = maskedColumns(rows.columns, step)',
        ': rows\n    const masks = maskedColumns(rows.columns, { ...step, kept: undefined })',
      ],
    ],
  },
  {
    name: 'a rule without a value of the user holds',
    file: 'access/rule-values.ts',
    edits: [['const denied: Condition = { always: false }', 'const denied: Condition = { always: true }']],
  },
  {
    name: 'builders see all of production',
    file: 'access/row-rule.ts',
    edits: [["context.stage === 'staging' && buildsStaging(context)", 'buildsStaging(context)']],
  },
]
