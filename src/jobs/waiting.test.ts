import { expect, it } from 'vitest'
import { aJob, createJobsite, submission } from '../../test/contracts/jobs/fixture.ts'
import { aPlace, newPlace } from '../../test/contracts/jobs/places.ts'
import { Problem } from '../base/index.ts'

it('waiting leaves nothing behind on a bus that cannot be listened to', async () => {
  const place = await aPlace(newPlace({}))
  const tried: string[] = []
  let notices = 0
  const bus = {
    ...place.bus,
    subscribe: async (channel: string) => {
      tried.push(channel)
      throw new Problem('bus_failed', 'planted')
    },
    whenInterrupted(notice: () => void) {
      notices++
      const end = place.bus.whenInterrupted(notice)
      return () => {
        notices--
        end()
      }
    },
  }
  const site = createJobsite({ ...place, bus })
  const jobs = site.process([aJob('a', async () => null)])
  const { id } = await jobs.submit(submission('a'))
  for (let n = 0; n < 3; n++) await jobs.ended(id, 20, new AbortController().signal)
  expect(tried).toHaveLength(3)
  expect(notices).toBe(0)
  await site.end()
})
