import { expect, it } from 'vitest'
import { everybody, openDoor } from '../../test/security/door.ts'
import { Problem } from '../base/index.ts'

it('a domain whose connection is gone is a source that fails, and not an address that is not there', async () => {
  const gone = () => Promise.reject(new Problem('not_found', 'The app "shop" has no connection "c1".'))
  const door = await openDoor({ openConnection: gone })
  const domains = { d: { kind: 'live', connection: 'c1', connector: 'http', query: {}, ttlMs: null } } as const
  const user = { username: 'ann', groups: [], attributes: {} }
  const told = await door.ask({ domains, records: { d: everybody } }, user, { domain: 'd' })
  expect(told).toMatchObject({ code: 'source_failed', refused: expect.stringContaining('\\"d\\" reads is gone') })
  await door.close()
})
