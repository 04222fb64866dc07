import { beforeEach, expect, it } from 'vitest'
import type { Present } from '../../auth/index.ts'
import type { Client, Member } from './client.ts'
import { createPeople, type People } from './people.ts'

let signedOut: Set<string | null>
let changes: number
let ended: (string | null)[]
/** What is done between the store's answer and its being heard. */
let answering: () => Promise<void>
let people: People

beforeEach(() => {
  signedOut = new Set()
  changes = 0
  ended = []
  answering = async () => {}
  const present: Present = {
    principal: { username: 'ann', roles: ['USER'], privileges: {}, groups: [], attributes: {} },
    epoch: 'one',
    until: Number.POSITIVE_INFINITY,
  }
  people = createPeople({
    presence: {
      async check(who) {
        const answer = who.map(({ session }) => (signedOut.has(session) ? null : present))
        await answering()
        return answer
      },
      changes: () => changes,
    },
    clock: { now: () => 0 },
    ended: ({ who }) => void ended.push(who.session),
  })
})

const who = (session: string) => ({ username: 'ann', session, epoch: null })
const enter = (member: Member) => {
  const outlet = { send: () => {}, waiting: () => 0, close: () => {} }
  people.enter({ outlet, member, wishes: null, debt: null } satisfies Client)
}
function signOut(session: string): void {
  signedOut.add(session)
  changes++
}

it('finds a session that has ended between its being read and its entering, whatever was looked at between', async () => {
  enter(await people.join(who('stays')))
  const late = await people.join(who('late'))
  signOut('late')
  await people.look()
  enter(late)
  expect(ended).toEqual([])
  await people.look()
  expect(ended).toEqual(['late'])
})

it('finds it also when it enters during a look that began without it', async () => {
  enter(await people.join(who('stays')))
  const late = await people.join(who('late'))
  signOut('late')
  answering = async () => {
    answering = async () => {}
    enter(late)
  }
  await people.look()
  expect(ended).toEqual([])
  await people.look()
  expect(ended).toEqual(['late'])
})

it('reads nothing while nothing was written, unless somebody doubts', async () => {
  enter(await people.join(who('stays')))
  await people.look()
  let reads = 0
  answering = async () => {
    reads++
  }
  await people.look()
  expect(reads).toBe(0)
  people.doubt()
  for (let n = 0; n < 2; n++) await people.look()
  expect(reads).toBe(1)
})
