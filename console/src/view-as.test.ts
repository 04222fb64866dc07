import { describe, expect, it } from 'vitest'
import { readViewAs, type ViewAsFields, viewAsWords } from './view-as.ts'

const fields: ViewAsFields = { by: 'groups', user: '', groups: '', attributes: '' }

describe('readViewAs', () => {
  it('takes a user by name', () => {
    expect(readViewAs({ ...fields, by: 'user', user: ' ann ' })).toEqual({ viewAs: { user: 'ann' } })
    expect(readViewAs({ ...fields, by: 'user', user: '  ', groups: 'a' })).toEqual({
      mistake: 'Type the name of a user.',
    })
  })

  it('takes groups, each once', () => {
    expect(readViewAs({ ...fields, groups: ' north, , south,north ' })).toEqual({
      viewAs: { groups: ['north', 'south'], attributes: {} },
    })
  })

  it.each([
    ['a text', 'state = Texas', { state: 'Texas' }],
    ['a number', 'level=3', { level: 3 }],
    ['a text of digits', 'level = "3"', { level: '3' }],
    ['a list', 'states = ["Texas", "Ohio"]', { states: ['Texas', 'Ohio'] }],
    ['what is no list of values', 'odd = {"a": 1}', { odd: '{"a": 1}' }],
    ['an equals sign in the value', 'rule = a=b', { rule: 'a=b' }],
    ['an empty value', 'state =', { state: '' }],
    ['several lines', 'a = 1\n\n  b = x  \n', { a: 1, b: 'x' }],
  ])('reads attributes: %s', (_what, attributes, read) => {
    expect(readViewAs({ ...fields, attributes })).toEqual({ viewAs: { groups: [], attributes: read } })
  })

  it('keeps a name that objects have a meaning for', () => {
    const read = readViewAs({ ...fields, attributes: '__proto__ = x' })
    expect('viewAs' in read && JSON.stringify(read.viewAs)).toBe('{"groups":[],"attributes":{"__proto__":"x"}}')
  })

  it.each([
    ['no value', 'state', 'An attribute is written as "name = value": "state" is not.'],
    ['no name', ' = Texas', 'An attribute is written as "name = value": "= Texas" is not.'],
    ['a name twice', 'a = 1\na = 2', 'The attribute "a" is there twice.'],
  ])('says what is wrong: %s', (_what, attributes, mistake) => {
    expect(readViewAs({ ...fields, attributes })).toEqual({ mistake })
  })
})

describe('viewAsWords', () => {
  it.each([
    [{ user: 'ann' }, 'ann'],
    [{ groups: [], attributes: {} }, 'somebody with no group'],
    [{ groups: ['north'], attributes: { state: 'Texas' } }, 'somebody with the group north and the attribute state'],
    [{ groups: ['a', 'b'], attributes: { x: 1, y: 2 } }, 'somebody with the groups a, b and the attributes x, y'],
  ])('%j', (viewAs, words) => {
    expect(viewAsWords(viewAs)).toBe(words)
  })
})
