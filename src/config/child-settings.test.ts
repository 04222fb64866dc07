import { expect, it } from 'vitest'
import { childEnvironment, loadConfig, readChildSettings } from './index.ts'

const secrets = {
  LAPUTA_AUTH__TOKEN_KEY: 'token-key-token-key-token-key-token-key',
  LAPUTA_CONNECTIONS__SECRETS_KEY: 'secrets-key-secrets-key-secrets-key-secrets',
  LAPUTA_REDIS__URL: 'redis://:redis-password@127.0.0.1/0',
  LAPUTA_MONGO__URL: 'mongodb://laputa:mongo-password@127.0.0.1/',
}
const settings = { LAPUTA_HOME: '/srv/laputa', LAPUTA_CONNECTIONS__ALLOW: 'db.internal', ...secrets }
const environment = (more: Record<string, string> = {}) =>
  childEnvironment(loadConfig({ env: { ...settings, ...more } }), { PATH: '/bin', TZ: 'UTC', ...settings })

it('tells a child process what it needs, and passes on what the system goes by', () => {
  const env = environment({ LAPUTA_ROWS__THREADS: '3' })
  expect(Object.keys(env).sort()).toEqual(['LAPUTA_CHILD', 'PATH', 'TZ'])
  expect(readChildSettings(env)).toMatchObject({
    home: '/srv/laputa',
    rows: { kind: 'duckdb', threads: 3 },
    uploads: { max_columns: 1000 },
    connections: { allow: ['db.internal'] },
  })
})

it('tells it no key and no password but that of the rows', () => {
  expect(Object.values(environment()).join()).not.toMatch(/token-key|secrets-key|password/)
  const mongo = Object.values(environment({ LAPUTA_ROWS__KIND: 'mongo' })).join()
  expect(mongo).toContain('mongo-password')
  expect(mongo).not.toMatch(/token-key|secrets-key|redis-password/)
})

it('is refused in a process that nobody told anything', () => {
  expect(() => readChildSettings({})).toThrow('not by hand')
})
