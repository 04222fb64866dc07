import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkRooms } from './check-rooms.ts'

const project = dirname(import.meta.dirname)

/** A small house in which everything is as it should be. */
const house: Readonly<Record<string, string>> = {
  'base/index.ts': "export { Problem } from './errors.ts'",
  'base/errors.ts': "export class Problem extends Error {}\nexport const impossible = () => new Error('base may')",
  'config/index.ts': "export type Config = { home: string }\nexport const home = process.env.HOME ?? ''",
  'pipeline/index.ts': "export type { Engine } from './engine.ts'\nexport type { Guarded, Query } from './query.ts'",
  'pipeline/engine.ts':
    "import type { Guarded, Query } from './query.ts'\nexport interface Engine { fetch(query: Guarded<Query>): void }",
  'pipeline/query.ts':
    'export interface Query { readonly pipeline: readonly string[] }\ndeclare const guarded: unique symbol\n' +
    'export type Guarded<Q> = Q & { readonly [guarded]: string }',
  'access/index.ts': "export { guard } from './guard.ts'",
  'access/guard.ts':
    "import type { Guarded, Query } from '../pipeline/index.ts'\n" +
    'export function guard(query: Query): { query: Guarded<Query> } { return { query: query as Guarded<Query> } }',
  'store/index.ts': "export { openStore } from './open-store.ts'\nexport type { Store } from './port.ts'",
  'store/port.ts': "import type { Config } from '../config/index.ts'\nexport interface Store { config: Config }",
  'store/open-store.ts': "export const openStore = () => import('./sqlite/open.ts')",
  'store/sqlite/open.ts': "import type { Store } from '../port.ts'\nexport const opened: Store | null = null",
  'data/index.ts': "export { run } from './run.ts'",
  'data/run.ts':
    "import { guard } from '../access/index.ts'\nimport type { Engine, Query } from '../pipeline/index.ts'\n" +
    'export function run(engine: Engine, asked: Query) {\n  const { query } = guard(asked)\n  engine.fetch(query)\n}',
  'features/index.ts': "import { usersRoutes } from './users/users.routes.ts'\nexport const features = [usersRoutes]",
  'features/users/users.routes.ts':
    "import { listUsers } from './users.store.ts'\nexport const usersRoutes = [listUsers]",
  'features/users/users.store.ts':
    "import type { Store } from '../../store/index.ts'\nexport const listUsers = (store: Store) => store",
  'features/users/users.test.ts':
    "import { compose } from '../../processes/index.ts'\nif (!compose) throw new Error('a test may')",
  'features/apps/apps.routes.ts': 'export const appsRoutes = []',
  'processes/index.ts': "export { compose } from './compose.ts'",
  'processes/compose.ts':
    "import { features } from '../features/index.ts'\nimport { openStore } from '../store/index.ts'\n" +
    `export function compose() {\n${'  void features\n'.repeat(70)}  return openStore\n}`,
  'cli/main.ts': "console.log('cli may')",
}

describe('check-rooms', () => {
  let root: string
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'laputa-rooms-'))
  })
  afterEach(() => rmSync(root, { recursive: true, force: true }))

  /** What is found in the house with these files put in or in place of others, as `file:line rule`. */
  function found(planted: Readonly<Record<string, string>>): string[] {
    for (const [path, text] of Object.entries({ ...house, ...planted })) {
      mkdirSync(dirname(join(root, 'src', path)), { recursive: true })
      writeFileSync(join(root, 'src', path), `${text}\n`)
    }
    return checkRooms(root).map(({ file, line, rule }) => `${file.slice('src/'.length)}:${line} ${rule}`)
  }

  it('finds nothing in a house that keeps the rules', () => {
    expect(found({})).toEqual([])
  })

  describe('rooms', () => {
    const rooms: [what: string, planted: Record<string, string>, findings: string[]][] = [
      [
        'an upward import',
        { 'store/port.ts': "import type { Run } from '../data/index.ts'\nexport type Store = Run" },
        ['store/port.ts:1 level'],
      ],
      [
        'an upward import of a re-export',
        { 'store/port.ts': "\nexport * from '../access/index.ts'" },
        ['store/port.ts:2 level'],
      ],
      [
        'an upward import() that waits',
        { 'store/port.ts': "export const later = () => import('../data/index.ts')" },
        ['store/port.ts:1 level'],
      ],
      [
        'an upward import within a type',
        { 'store/port.ts': "export type Store = import('../data/index.ts').Run" },
        ['store/port.ts:1 level'],
      ],
      [
        'an upward require',
        { 'store/port.ts': "export const data = require('../data/index.ts')" },
        ['store/port.ts:1 level'],
      ],
      [
        'an import of a room beside',
        {
          'store/port.ts': "import type { Bus } from '../bus/index.ts'\nexport type Store = Bus",
          'bus/index.ts': 'export type Bus = 1',
        },
        ['store/port.ts:1 level'],
      ],
      ['an import by base', { 'base/errors.ts': "import '../config/index.ts'" }, ['base/errors.ts:1 level']],
      ['http that imports data', { 'http/index.ts': "import '../data/index.ts'" }, ['http/index.ts:1 level']],
      [
        'a value of config where only types may be had',
        { 'bus/port.ts': "import { home } from '../config/index.ts'\nexport type Bus = typeof home" },
        ['bus/port.ts:1 level'],
      ],
      [
        'a deep import past a door',
        {
          'data/run.ts':
            "import type { Query } from '../pipeline/query.ts'\nexport const run = (query: Query) => query",
        },
        ['data/run.ts:1 door'],
      ],
      ['a deep import by a process', { 'processes/web.ts': "import '../store/port.ts'" }, ['processes/web.ts:1 door']],
      ['a deep import by a test', { 'data/run.test.ts': "import '../store/port.ts'" }, ['data/run.test.ts:1 door']],
      [
        'an import of a feature past the table of contents',
        { 'processes/web.ts': "import '../features/users/users.routes.ts'" },
        ['processes/web.ts:1 door'],
      ],
      [
        'an import of its own door',
        { 'pipeline/parse.ts': "import type { Query } from './index.ts'\nexport type Q = Query" },
        ['pipeline/parse.ts:1 own-door'],
      ],
      [
        'an import of another feature',
        { 'features/apps/apps.routes.ts': "import '../users/users.store.ts'" },
        ['features/apps/apps.routes.ts:1 feature'],
      ],
      [
        'an import of the table of contents by a feature',
        { 'features/apps/apps.routes.ts': "import '../index.ts'" },
        ['features/apps/apps.routes.ts:1 own-door'],
      ],
      [
        'two rooms that import each other',
        {
          'cli/index.ts': "import '../processes/index.ts'",
          'processes/index.ts': '',
          'processes/web.ts': "\nimport '../cli/index.ts'",
        },
        ['cli/index.ts:1 pair', 'processes/web.ts:2 pair'],
      ],
      [
        'a cycle of two files',
        { 'data/a.ts': "import './b.ts'", 'data/b.ts': "import './a.ts'" },
        ['data/a.ts:1 cycle'],
      ],
      [
        'a cycle of types',
        {
          'data/a.ts': "import type { B } from './b.ts'\nexport type A = B",
          'data/b.ts': "import type { A } from './a.ts'\nexport type B = A",
        },
        ['data/a.ts:1 cycle'],
      ],
      [
        'a cycle through a folder and an import()',
        { 'store/sqlite/open.ts': "\nimport '../open-store.ts'" },
        ['store/open-store.ts:1 cycle'],
      ],
      ['a file that imports itself', { 'data/a.ts': "import './a.ts'" }, ['data/a.ts:1 cycle']],
      ['a room that is not in the table', { 'shared/index.ts': '' }, ['shared/index.ts:1 room']],
      ['a file outside all rooms', { 'index.ts': '' }, ['index.ts:1 room']],
      ['an import without its ending', { 'data/run.ts': "import '../access/index'" }, ['data/run.ts:1 import']],
      ['an import from outside src', { 'data/run.ts': "import '../../test/builders.ts'" }, ['data/run.ts:1 import']],
      [
        'an import of a test',
        { 'features/users/users.routes.ts': "import './users.test.ts'" },
        ['features/users/users.routes.ts:1 import'],
      ],
      [
        'an import that cannot be read',
        { 'data/run.ts': "const room = 'store'\nexport const load = () => import(room)" },
        ['data/run.ts:2 import'],
      ],
    ]
    it.each(rooms)('finds %s', (_, planted, findings) => {
      expect(found(planted)).toEqual(findings)
    })

    it('names the whole way of a cycle', () => {
      found({ 'data/a.ts': "import './b.ts'", 'data/b.ts': "import './c.ts'", 'data/c.ts': "import './a.ts'" })
      expect(checkRooms(root).map(({ message }) => message)).toEqual(['data/a.ts → data/b.ts → data/c.ts → data/a.ts'])
    })
  })

  describe('the guard', () => {
    const types =
      "import type { Engine, Guarded, Query } from '../pipeline/index.ts'\nimport { guard } from '../access/index.ts'\n"
    const forgeries: [what: string, text: string][] = [
      ['a cast', 'export const f = (q: Query) => q as Guarded<Query>'],
      ['a cast of a promise', 'export const f = (q: unknown) => q as Promise<Guarded<Query>>'],
      ['a cast through unknown', 'export const f = (q: string) => q as unknown as Guarded<Query>'],
      ['a cast of the old form', 'export const f = (q: Query) => <Guarded<Query>>q'],
      ['a cast to a type of the engine', "export const f = (q: Query) => q as Parameters<Engine['fetch']>[0]"],
      ['a cast to what the guard gives', 'export const f = (q: unknown) => q as ReturnType<typeof guard>'],
      ['a cast to never', 'export const f = (e: Engine, q: Query) => e.fetch(q as never)'],
      ['a cast to any', 'export const f = (e: Engine, q: Query) => e.fetch(q as any)'],
      ['any cast through unknown', 'export const f = (q: Query) => (q as unknown) as { x: 1 }'],
      ['a predicate', 'export const f = (q: Query): q is Guarded<Query> => true'],
      ['an assertion', 'export function f(q: Query): asserts q is Guarded<Query> {}'],
      ['a declared result', "export function f(): Guarded<Query> { return JSON.parse('') }"],
      ['a declared variable', "export const q: Guarded<Query> = JSON.parse('')"],
      ['a type argument', 'export const f = (parse: <T>() => T) => parse<Guarded<Query>>()'],
      ['a changed copy of a parameter', 'export const f = (q: Guarded<Query>) => ({ ...q, pipeline: [] })'],
      [
        'a changed copy of what the guard gave',
        'export function f(asked: Query) { const { query } = guard(asked); return { ...query, pipeline: [] } }',
      ],
      [
        'a changed copy of a member',
        'export function f(asked: Query) { const given = guard(asked); return { ...given.query, pipeline: [] } }',
      ],
      [
        'a rest of a guarded query',
        'export function f(q: Guarded<Query>) { const { pipeline, ...rest } = q; return rest }',
      ],
      ['an assignment over it', 'export const f = (q: Guarded<Query>) => Object.assign(q, { pipeline: [] })'],
      ['a silenced compiler', '// @ts-expect-error\nexport const f = (e: Engine, q: Query) => e.fetch(q)'],
    ]
    it.each(forgeries)('finds %s', (_, text) => {
      const findings = found({ 'data/forge.ts': types + text })
      expect(findings).toHaveLength(1)
      expect(findings[0]).toMatch(/^data\/forge\.ts:3 (guard|suppression)$/)
    })

    it.each([
      [
        'a new name of an import',
        {
          'jobs/forge.ts':
            "import type { Guarded as Plain } from '../pipeline/index.ts'\nexport const f = (q: unknown) => q as Plain<1>",
        },
      ],
      [
        'an alias',
        {
          'jobs/forge.ts':
            "import type { Guarded } from '../pipeline/index.ts'; type Plain = Guarded<1>\nexport const f = (q: unknown) => q as Plain",
        },
      ],
      [
        'an interface that extends it',
        {
          'jobs/forge.ts':
            "import type { Guarded } from '../pipeline/index.ts'; interface Plain extends Guarded<1> {}\nexport const f = (q: unknown) => q as Plain",
        },
      ],
      [
        'all types of the door',
        {
          'jobs/forge.ts':
            "import type * as p from '../pipeline/index.ts'\nexport const f = (q: unknown) => q as p.Guarded<1>",
        },
      ],
      [
        'a type named in place',
        { 'jobs/forge.ts': "\nexport const f = (q: unknown) => q as import('../pipeline/index.ts').Guarded<1>" },
      ],
      [
        'an alias of an alias in other files',
        {
          'jobs/names.ts': "import type { Guarded as G } from '../pipeline/index.ts'\nexport type A = readonly G<1>[]",
          'jobs/more.ts': "export type { A as B } from './names.ts'",
          'jobs/forge.ts': "import type { B as C } from './more.ts'\nexport const f = (q: unknown) => q as C",
        },
      ],
    ])('finds a cast by %s', (_, planted) => {
      // The rooms of this example may not import pipeline at all: that is another finding.
      expect(found(planted).filter((finding) => finding.endsWith(' guard'))).toEqual(['jobs/forge.ts:2 guard'])
    })

    it.each([
      ['exported', 'export declare const guarded: unique symbol', 2],
      ['a value', "const guarded: unique symbol = Symbol('x')", 2],
      ['exported by name', 'declare const guarded: unique symbol\nexport { guarded as key }', 3],
    ])('finds a brand that is %s', (_, brand, line) => {
      const planted = {
        'pipeline/query.ts': `export interface Query { readonly pipeline: readonly string[] }\n${brand}\nexport type Guarded<Q> = Q & { readonly [guarded]: string }`,
      }
      expect(found(planted)).toEqual([`pipeline/query.ts:${line} guard`])
    })

    it.each([
      ['other casts', "export const f = (q: unknown) => [q as string, ['a'] as const, q as unknown]"],
      ['parameters that are guarded', 'export const f = (e: Engine, q: Guarded<Query>) => e.fetch(q)'],
      ['copies of other things', 'export const f = (q: Query) => ({ ...q, pipeline: [] })'],
      ['what the guard gave', 'export const f = (q: Query) => guard(q).query'],
    ])('lets %s be', (_, text) => {
      expect(found({ 'data/fine.ts': types + text })).toEqual([])
    })

    it('leaves tests alone', () => {
      expect(found({ 'data/run.test.ts': `${types}export const f = (q: Query) => q as Guarded<Query>` })).toEqual([])
    })
  })

  describe('what a file may do', () => {
    const style: [what: string, text: string, rule: string][] = [
      ['process.env', 'export const home = process.env.HOME', 'process-env'],
      ["process['env']", "export const home = process['env']", 'process-env'],
      ['globalThis.process.env', 'export const home = globalThis.process.env', 'process-env'],
      ['env taken out of process', 'const { env: e } = process\nexport { e }', 'process-env'],
      ['env imported', "import { env as e } from 'node:process'\nexport { e }", 'process-env'],
      ['process imported under another name', "import p from 'node:process'; export const e = p.env", 'process-env'],
      ['console', "console.log('x')", 'console'],
      ['console handed on', 'export const log = [console]', 'console'],
      ['globalThis.console', 'globalThis.console.log(1)', 'console'],
      ['console imported', "import { log } from 'node:console'; log(1)", 'console'],
      ['new Error', "export const f = () => { throw new Error('x') }", 'error'],
      ['Error without new', "export const f = () => { throw Error('x') }", 'error'],
      ['another built-in error', "export const f = () => new TypeError('x')", 'error'],
      ['a long function', `export function f() {\n${'  void 0\n'.repeat(59)}}`, 'function-length'],
      ['a long arrow function', `export const f = () => {\n${'  void 0\n'.repeat(59)}}`, 'function-length'],
      ['a long method', `export const f = { run() {\n${'  void 0\n'.repeat(60)}} }`, 'function-length'],
      ['a long file', 'void 0\n'.repeat(400), 'file-length'],
    ]
    it.each(style)('finds %s', (_, text, rule) => {
      expect(found({ 'data/style.ts': text })).toEqual([`data/style.ts:1 ${rule}`])
    })

    it.each([
      [
        'members that have such names',
        'export const f = (x: { env: 1; console: 2 }) => [x.env, x.console, { console: 1 }, { env: 1 }]',
      ],
      ['a parameter called console', 'export const f = ({ console: folder }: { console: string }) => folder'],
      ['other parts of process', 'export const f = () => process.pid'],
      ['a function of 60 lines', `export function f() {\n${'  void 0\n'.repeat(58)}}`],
      ['empty lines in a function', `export function f() {\n${'  void 0\n\n'.repeat(58)}}`],
      ['a file of 400 lines', 'void 0\n'.repeat(399)],
      [
        'words in texts and comments',
        "// console.log(process.env) new Error('x')\nexport const x = 'console.log(process.env)'",
      ],
    ])('lets %s be', (_, text) => {
      expect(found({ 'data/style.ts': text })).toEqual([])
    })
  })

  it('finds nothing in this project', () => {
    expect(checkRooms(project).map(({ file, line, rule, message }) => `${file}:${line} ${rule}: ${message}`)).toEqual(
      [],
    )
  })

  it('is a script: a line for each finding, and exit code 1 when there is one', () => {
    cpSync(join(project, 'scripts', 'check-rooms.ts'), join(root, 'scripts', 'check-rooms.ts'))
    cpSync(join(project, 'scripts', 'check-rooms'), join(root, 'scripts', 'check-rooms'), { recursive: true })
    cpSync(join(project, 'package.json'), join(root, 'package.json'))
    symlinkSync(join(project, 'node_modules'), join(root, 'node_modules'))
    const run = () => {
      const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'scripts/check-rooms.ts'], {
        cwd: root,
        encoding: 'utf8',
      })
      return { status, stdout, stderr }
    }
    found({})
    expect(run()).toEqual({ status: 0, stdout: '', stderr: '' })
    found({ 'base/errors.ts': "import '../config/index.ts'", 'data/a.ts': '\nconsole.log(1)' })
    expect(run()).toEqual({
      status: 1,
      stdout:
        'src/base/errors.ts:1 level: base may not import config\nsrc/data/a.ts:2 console: only cli/ writes to the console\n',
      stderr: '',
    })
  })
})
