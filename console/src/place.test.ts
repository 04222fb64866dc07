import { describe, expect, it } from 'vitest'
import type { Me } from './api/types.ts'
import { type Address, buildsApp, maySeeStaging, readAddress, writeAddress } from './place.ts'

const me = (roles: string[], privileges: Me['privileges']): Me => ({ username: 'u', roles, privileges, groups: [] })

describe('the address of the page', () => {
  it.each<Address>([
    { app: 'demo', stage: 'staging', domain: 'a&b=c %/ü' },
    { app: 'demo', stage: 'production', domain: null },
    { app: null, stage: 'production', domain: null },
  ])('can be read back: %j', (address) => {
    expect(readAddress(writeAddress(address))).toEqual(address)
  })

  it('takes no stage that does not exist', () => {
    expect(readAddress('?app=demo&stage=moon').stage).toBe('production')
  })
})

describe('maySeeStaging', () => {
  it.each<[string, Me, boolean]>([
    ['an administrator', me(['ADMIN'], {}), true],
    ['a super administrator', me(['SUPER_ADMIN'], {}), true],
    ['a validator', me(['USER'], { demo: ['validate'] }), true],
    ['a contributor', me(['USER'], { demo: ['view', 'contribute'] }), true],
    ['a viewer', me(['USER'], { demo: ['view'] }), false],
    ['a contributor of another app', me(['USER'], { demo: ['view'], other: ['contribute'] }), false],
    ['nobody', me(['USER'], {}), false],
  ])('%s', (_who, user, may) => {
    expect(maySeeStaging(user, 'demo')).toBe(may)
  })

  it('does not take what every object has for a privilege', () => {
    expect(maySeeStaging(me(['USER'], {}), 'constructor')).toBe(false)
  })
})

describe('buildsApp', () => {
  it.each<[string, Me, boolean]>([
    ['an administrator', me(['ADMIN'], {}), true],
    ['a contributor', me(['USER'], { demo: ['contribute'] }), true],
    ['a validator', me(['USER'], { demo: ['validate'] }), false],
    ['a contributor of another app', me(['USER'], { other: ['contribute'] }), false],
  ])('%s', (_who, user, builds) => {
    expect(buildsApp(user, 'demo')).toBe(builds)
  })
})
