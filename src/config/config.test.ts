import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isProblem, type ProblemItem } from '../base/index.ts'
import { explainConfig, loadConfig, loadConfigWithSources, settingGroups } from './index.ts'

let cwd: string
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'laputa-config-'))
})
afterEach(() => rmSync(cwd, { recursive: true }))

const write = (text: string | Uint8Array, name = 'laputa.yml') => writeFileSync(join(cwd, name), text)
const load = (env: Record<string, string> = {}) => loadConfig({ env, cwd })

function problems(env: Record<string, string> = {}): readonly ProblemItem[] {
  try {
    load(env)
  } catch (error) {
    if (isProblem(error, 'config_invalid')) return error.errors
    throw error
  }
  throw new Error('the configuration was accepted')
}

const settings = settingGroups.flatMap((group) => group.settings)

describe('defaults', () => {
  it('are valid themselves, and so are the examples', () => {
    for (const { path, schema, meta } of settings) {
      if (!meta.secret) expect(schema.safeParse(meta.default).success, `${path} default`).toBe(true)
      const secret = meta.kind === 'list' ? ['x'.repeat(32)] : 'x'.repeat(32)
      expect(schema.safeParse(meta.secret ? secret : meta.example).success, `${path} example`).toBe(true)
    }
  })

  it('are frozen at every depth', () => {
    const config = load()
    expect(Object.isFrozen(config)).toBe(true)
    expect(Object.isFrozen(config.query.cache)).toBe(true)
    expect(Object.isFrozen(config.http.trust_proxy)).toBe(true)
  })
})

describe('the file', () => {
  it('overrides defaults, setting by setting', () => {
    write('http:\n  port: 0\n  trust_proxy: [loopback, 10.0.0.0/8]\nquery:\n  cache:\n    ttl: 1.5 min\nhome: data\n')
    const config = load()
    expect(config.http).toMatchObject({ port: 0, host: '127.0.0.1', trust_proxy: ['loopback', '10.0.0.0/8'] })
    expect(config.query).toMatchObject({ timeout: 30_000, cache: { ttl: 90_000, status: 'enable' } })
    expect(config.home).toBe(join(cwd, 'data'))
  })

  it.each(['', '# nothing\n', 'http:\n  # port: 1\n', '{}', '\uFEFFhttp:\n  port: 8080\n', 'http: {port: 8080}'])(
    'may say little: %j',
    (text) => {
      write(text)
      expect(load().http.port).toBe(8080)
    },
  )

  it('is the one that LAPUTA_CONFIG names, relative to the working directory', () => {
    write('http: { port: 1 }')
    write('http: { port: 2 }', 'other.yml')
    expect(load({ LAPUTA_CONFIG: 'other.yml' }).http.port).toBe(2)
    expect(load({ LAPUTA_CONFIG: join(cwd, 'other.yml') }).http.port).toBe(2)
  })

  it('has to be there when LAPUTA_CONFIG names it', () => {
    expect(problems({ LAPUTA_CONFIG: 'gone.yml' })).toEqual([
      { path: '', source: 'LAPUTA_CONFIG', message: 'There is no file gone.yml. Correct the path, or make the file.' },
    ])
    expect(problems({ LAPUTA_CONFIG: '' })[0]?.message).toMatch(/^Empty\./)
    expect(problems({ LAPUTA_CONFIG: '.' })[0]?.message).toMatch(/is a folder/)
  })

  it('that cannot be read is a problem, also under the default name', () => {
    mkdirSync(join(cwd, 'laputa.yml'))
    expect(problems()).toMatchObject([{ source: 'laputa.yml', message: expect.stringContaining('is a folder') }])
  })

  it('has to be UTF-8', () => {
    write(Uint8Array.from([0x68, 0xe9, 0x3a]))
    expect(problems()).toMatchObject([{ source: 'laputa.yml', message: expect.stringContaining('not UTF-8') }])
  })

  it.each([
    ['http:\n  port: 1\n bad: 2\n', 'laputa.yml:3'],
    ['http: {port: 1\nlog: {}\n', 'laputa.yml:2'],
    ['home: a: b\n', 'laputa.yml:1'],
    ['home: x\n---\nhome: y\n', 'laputa.yml:2'],
    ['http:\n\tport: 1\n', 'laputa.yml:2'],
    ['http: !secret\n  port: 1\n', 'laputa.yml:1'],
  ])('with a syntax error names its line: %j', (text, source) => {
    write(text)
    const found = problems()
    expect(found.map((problem) => problem.source)).toContain(source)
    for (const problem of found) expect(problem.message).toMatch(/^This is not well-formed YAML \([A-Z_]+\)\. .+\.$/)
  })

  it.each([
    ['- http\n', '', 'laputa.yml:1', /list or a single value/],
    ['http: 8080\n', 'http', 'laputa.yml:1', /is a group/],
    ['http:\n  - port: 1\n', 'http', 'laputa.yml:1', /is a group/],
    ['http:\n  port: 1\n  port: 2\n', 'http.port', 'laputa.yml:3', /Set twice, first at laputa.yml:2/],
    ['http: {}\nlog: {}\nhttp: {}\n', 'http', 'laputa.yml:3', /Set twice/],
    ['http.port: 1\n', 'http.port', 'laputa.yml:1', /dot in the name/],
    ['log: &l {}\nstore: *l\n', 'store', 'laputa.yml:2', /References/],
    ['constructor: 1\n', 'constructor', 'laputa.yml:1', /no such setting/],
    ['__proto__: { http: 1 }\n', '__proto__', 'laputa.yml:1', /no such setting/],
    ['5: 1\n', '5', 'laputa.yml:1', /no such setting/],
    ['http:\n  port: { a: 1 }\n', 'http.port', 'laputa.yml:2', /^A group of settings is not a whole number/],
    ['http:\n  port:\n', 'http.port', 'laputa.yml:2', /^An empty value is not a whole number/],
    ['http:\n  trust_proxy: [[loopback]]\n', 'http.trust_proxy', 'laputa.yml:2', /is not a list of addresses/],
  ])('refuses %j', (...[text, path, source, message]) => {
    write(text)
    expect(problems()).toMatchObject([{ path, source, message: expect.stringMatching(message) }])
  })

  it('names the nearest setting for an unknown one, with its full path', () => {
    write('http:\n  prot: 1\nmax_rows: 5\nhttp2: {}\n')
    expect(problems().map(({ path, nearest }) => [path, nearest?.[0]])).toEqual([
      ['http.prot', 'http.port'],
      ['max_rows', 'query.max_rows'],
      ['http2', 'http'],
    ])
  })
})

describe('values', () => {
  it.each([
    ['http', 'port', '"8080"'],
    ['http', 'port', '65536'],
    ['http', 'port', '-1'],
    ['http', 'port', '80.5'],
    ['http', 'docs_page', 'yes'],
    ['http', 'host', 'a b'],
    ['http', 'body_limit', '1048576'],
    ['http', 'body_limit', '1 parsec'],
    ['http', 'body_limit', '1 constructor'],
    ['http', 'body_limit', '1 B'],
    ['http', 'trust_proxy', '[999.0.0.1]'],
    ['http', 'trust_proxy', 'loopback'],
    ['query', 'timeout', '30'],
    ['query', 'timeout', '-30 s'],
    ['query', 'timeout', '2 h'],
    ['query', 'timeout', `"${'9'.repeat(400)} h"`],
    ['log', 'level', 'loud'],
    ['store', 'kind', 'postgres'],
    ['bus', 'kind', 'mongo'],
    ['mongo', 'database', 'a.b'],
    ['redis', 'nodes', ['host']],
  ])('%s.%s does not take %s', (group, name, text) => {
    write(`${group}:\n  ${name}: ${text}\n`)
    expect(problems()).toMatchObject([
      {
        path: `${group}.${name}`,
        source: 'laputa.yml:2',
        message: expect.stringMatching(/ is not .+ Write for example: .+/),
      },
    ])
  })

  it('home takes no tilde', () => {
    expect(problems({ LAPUTA_HOME: '~/laputa' })).toMatchObject([{ path: 'home', source: 'LAPUTA_HOME' }])
  })

  it('are cut short in messages', () => {
    expect(problems({ LAPUTA_LOG__LEVEL: 'x'.repeat(5000) })[0]?.message.length).toBeLessThan(250)
  })
})

describe('the environment', () => {
  it('overrides the file, each text read as the type of its setting', () => {
    write('http: { port: 1, docs_page: true }\nquery: { max_rows: 7 }\n')
    const config = load({
      LAPUTA_HTTP__PORT: '0',
      LAPUTA_HTTP__DOCS_PAGE: 'False',
      LAPUTA_HTTP__TRUST_PROXY: '127.0.0.1, ::1/128',
      LAPUTA_QUERY__CACHE__TTL: '1 min',
      LAPUTA_HOME: '/srv/laputa',
    })
    expect(config.http).toMatchObject({ port: 0, docs_page: false, trust_proxy: ['127.0.0.1', '::1/128'] })
    expect(config.query).toMatchObject({ max_rows: 7, cache: { ttl: 60_000 } })
    expect(config.home).toBe('/srv/laputa')
  })

  it('is left alone where it is not ours: other names, and LAPUTA_TEST_', () => {
    expect(
      load({ HTTP__PORT: 'x', LAPUTATION: 'x', LAPUTA_TEST_MONGO_URL: 'x', laputa_http__port: 'x' }).http.port,
    ).toBe(8080)
  })

  it('refuses names that set nothing, and names the nearest', () => {
    expect(problems({ LAPUTA_HTTP_PORT: '1' })).toMatchObject([
      { path: 'LAPUTA_HTTP_PORT', source: 'LAPUTA_HTTP_PORT', nearest: ['LAPUTA_HTTP__PORT', expect.anything()] },
    ])
    expect(problems({ LAPUTA_AUTH__PASSWORD: '9' })).toMatchObject([
      { nearest: ['LAPUTA_AUTH__PASSWORD__MIN_LENGTH'], message: expect.stringContaining('names a group') },
    ])
    expect(problems({ LAPUTA_TESTING: '1' })).toHaveLength(1)
  })

  it('refuses an empty text and one of another type, naming the variable', () => {
    expect(problems({ LAPUTA_HOME: '', LAPUTA_HTTP__PORT: '80a', LAPUTA_HTTP__DOCS_PAGE: '1' })).toMatchObject([
      { path: 'home', source: 'LAPUTA_HOME', message: expect.stringMatching(/^Empty\./) },
      { path: 'http.port', source: 'LAPUTA_HTTP__PORT', message: expect.stringMatching(/^"80a" is not/) },
      {
        path: 'http.docs_page',
        source: 'LAPUTA_HTTP__DOCS_PAGE',
        message: expect.stringMatching(/^"1" is not true or false/),
      },
    ])
  })

  it('is the one of the process by default', () => {
    expect(loadConfig({ cwd }).home).toBe(join(cwd, 'var'))
  })
})

describe('problems', () => {
  it('are listed all at once, from the file and the environment, overridden values included', () => {
    write('http:\n  port: x\n  prot: 1\nlog:\n  level: loud\n')
    const found = problems({ LAPUTA_HTTP__PORT: '0', LAPUTA_ROWS__THREADS: '0', LAPUTA_NOPE: '1' })
    expect(found.map((problem) => problem.path).sort()).toEqual([
      'LAPUTA_NOPE',
      'http.port',
      'http.prot',
      'log.level',
      'rows.threads',
    ])
  })

  it('never come as anything but config_invalid, whatever the file says', () => {
    const line = fc.oneof(
      fc.string(),
      fc.constantFrom(
        ...settings.map((setting) => `${setting.path.split('.').at(-1)}: `),
        'http:',
        '  ',
        '- ',
        '&a',
        '*a',
        '{',
        '"',
      ),
    )
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
        write(lines.join('\n'))
        try {
          load()
        } catch (error) {
          expect(isProblem(error, 'config_invalid') && error.errors.length > 0).toBe(true)
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe('secrets', () => {
  const key = 'correct-horse-battery-staple-0123456789'

  it('are loaded, from the file as from the environment', () => {
    write(`auth: { token_key: ${key} }`)
    expect(load().auth.token_key).toBe(key)
    expect(load({ LAPUTA_AUTH__TOKEN_KEY: ` ${key} ` }).auth.token_key).toBe(` ${key} `)
  })

  it('can be several, with commas between them in a variable', () => {
    write(`connections: { old_secrets_keys: [${key}, "${key} 2"] }`)
    expect(load().connections.old_secrets_keys).toEqual([key, `${key} 2`])
    const variable = { LAPUTA_CONNECTIONS__OLD_SECRETS_KEYS: `${key}, ${key} 3` }
    expect(load(variable).connections.old_secrets_keys).toEqual([key, `${key} 3`])
    expect(JSON.stringify(problems({ LAPUTA_CONNECTIONS__OLD_SECRETS_KEYS: `${key},hunter2` }))).not.toMatch(
      /hunter|horse/,
    )
  })

  it('are not explained', () => {
    const env = { LAPUTA_AUTH__TOKEN_KEY: key, LAPUTA_CONNECTIONS__OLD_SECRETS_KEYS: `${key} 2` }
    const loaded = loadConfigWithSources({ env, cwd })
    const explained = explainConfig(loaded)
    expect(JSON.stringify(explained)).not.toContain(key)
    expect(explained.find((setting) => setting.path === 'auth.token_key')).toMatchObject({
      value: '(set, not shown)',
      source: 'LAPUTA_AUTH__TOKEN_KEY',
      secret: true,
    })
  })

  it.each([
    'auth:\n  token_key: hunter2\n',
    'auth:\n  token_key: [hunter2]\n',
    'auth:\n  token_key: "hunter2" x\n',
    'auth:\n  token_key: hunter2: x\n',
    'auth:\n  token_key: *hunter2\n',
    'auth:\n  token_key: !hunter2 x\n',
    'auth:\n  token_key: "hunter2\n',
    'auth:\n  token_kye: hunter2\n',
    'auth:\n  token_key: x\n  token_key: hunter2\n',
  ])('do not stand in messages: %j', (text) => {
    write(text)
    expect(JSON.stringify(problems())).not.toContain('hunter2')
  })

  it('do not stand in messages about the environment', () => {
    expect(JSON.stringify(problems({ LAPUTA_AUTH__TOKEN_KEY: 'hunter2', LAPUTA_TOKEN_KEY: 'hunter2' }))).not.toContain(
      'hunter2',
    )
  })
})

describe('explainConfig', () => {
  it('tells each setting, what it is and where that comes from', () => {
    write('query:\n  timeout: 10 s\nhttp:\n  port: 1\n')
    const explained = explainConfig(loadConfigWithSources({ env: { LAPUTA_HTTP__PORT: '0' }, cwd }))
    const byPath = new Map(explained.map((setting) => [setting.path, setting]))
    expect(explained.map((setting) => setting.path)).toEqual(settings.map((setting) => setting.path))
    expect(byPath.get('query.timeout')).toMatchObject({ value: '10 s', source: 'laputa.yml:2', default: '30 s' })
    expect(byPath.get('http.port')).toMatchObject({
      value: 0,
      source: 'LAPUTA_HTTP__PORT',
      variable: 'LAPUTA_HTTP__PORT',
    })
    expect(byPath.get('home')).toMatchObject({ value: join(cwd, 'var'), source: 'default' })
    expect(byPath.get('auth.token_key')).toMatchObject({ value: null, source: 'default' })
  })
})

describe('hosts', () => {
  const allow = (...items: unknown[]) => write(`connections: { allow: ${JSON.stringify(items)} }`)

  it.each([['db.internal', '10.0.0.0/8', '127.0.0.1', '::1', 'fd00::/8', 'localhost', 'my_db'], []])(
    'may be %j',
    (...items) => {
      allow(...items)
      expect(load().connections.allow).toEqual(items)
    },
  )

  it.each([[''], ['a b'], ['http://db'], ['db:5432'], ['*.internal'], ['a..b'], ['-a'], ['10.0.0.0/33x'], [1], [null]])(
    'may not be %j',
    (item) => {
      allow(item)
      expect(problems()[0]?.path).toBe('connections.allow')
    },
  )
})
