import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { newId, silentLog } from '../../base/index.ts'
import type { LiveEvent } from '../../jobs/index.ts'
import { createTelling } from './telling.ts'

const event: LiveEvent = {
  ...{ id: newId(0), at: new Date(0).toISOString(), type: 'release.published' },
  ...{ app: 'shop', stage: 'staging', release: 'one' },
}

it('reads rights again for what comes while they are being read: it may be what changed them', async () => {
  let looks = 0
  const look = async () => {
    if (++looks === 1) tell({ id: newId(0), at: event.at, type: 'session.revoked', username: 'ann' })
  }
  const tell = createTelling({
    people: { look, doubt: () => {}, all: () => [], count: () => 1 },
    catchUp: { owe: () => {} },
    oweToAll: () => {},
    clock: { now: () => 0 },
    log: silentLog,
    buffer: 1000,
  })
  tell(event)
  await nextTurn()
  expect(looks).toBe(2)
})

it('logs once that rights cannot be read, however many events come meanwhile', async () => {
  const said: string[] = []
  const say = (_fields: object, message: string) => void said.push(message)
  let isDown = true
  const look = async () => {
    if (isDown) throw new Error('the store is down')
  }
  const tell = createTelling({
    people: { look, doubt: () => {}, all: () => [], count: () => 1 },
    catchUp: { owe: () => {} },
    oweToAll: () => {},
    clock: { now: () => 0 },
    log: { ...silentLog, warn: say, info: say },
    buffer: 1000,
  })
  for (let n = 0; n < 3; n++) {
    tell(event)
    await nextTurn()
  }
  expect(said).toEqual([expect.stringContaining('could not be read')])
  isDown = false
  tell(event)
  await nextTurn()
  expect(said[1]).toContain('can be read again')
})
