import { describe } from 'vitest'
import { aPlace, mongoUrl, newPlace, redisUrl } from '../../test/contracts/jobs/places.ts'
import { jobsContract } from '../../test/contracts/jobs.contract.ts'

jobsContract('memory and sqlite', () => aPlace(newPlace({})))

describe.runIf(redisUrl)('with Redis', () => {
  jobsContract('redis and sqlite', () => aPlace(newPlace({ redis: true })))
})

describe.runIf(redisUrl && mongoUrl)('with Redis and MongoDB', () => {
  jobsContract('redis and mongo', () => aPlace(newPlace({ redis: true, mongo: true })))
})
