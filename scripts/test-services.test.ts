import { describe, expect, it } from 'vitest'
import { serversFor } from './test-services.ts'

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
