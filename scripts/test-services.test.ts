import { afterEach, describe, expect, it, vi } from 'vitest'
import { findServices, serversFor } from './test-services.ts'

describe('serversFor', () => {
  it.each([
    [[], ['postgres', 'mariadb', 'mongo', 'redis']],
    [['test/conformance/conformance.test.ts'], ['postgres', 'mariadb', 'mongo']],
    [['./test/services'], ['mongo', 'redis']],
    [['test'], ['postgres', 'mariadb', 'mongo', 'redis']],
    [['src/access'], []],
    [
      ['src/access', 'test/services/mongo.test.ts'],
      ['mongo', 'redis'],
    ],
  ])('for the tests %j', (chosen, names) => {
    expect(serversFor(chosen).map(({ name }) => name)).toEqual(names)
  })
})

describe('findServices', () => {
  afterEach(() => vi.unstubAllEnvs())

  it('misses the programs that failure tests start, also where such servers run', () => {
    vi.stubEnv('PATH', '')
    vi.stubEnv('LAPUTA_TEST_REDIS_URL', 'redis://127.0.0.1:6379/0')
    vi.stubEnv('LAPUTA_TEST_MONGO_URL', 'mongodb://127.0.0.1:27017/')
    const missing = findServices().filter(({ service, value }) => value === null && service.part === 'failure tests')
    expect(missing.map(({ service }) => service.name)).toEqual(['redis-server', 'mongod, or java and maven'])
  })
})
