import { describe } from 'vitest'
import { queueContract } from '../../test/contracts/bus/queue.contract.ts'
import { aRedisBusUnderTest } from '../../test/contracts/bus/redis-server.ts'
import { busContract } from '../../test/contracts/bus.contract.ts'

const url = process.env.LAPUTA_TEST_REDIS_URL

describe.runIf(url)('on a real server', () => {
  busContract('redis', () => aRedisBusUnderTest(url))
  queueContract('redis', () => aRedisBusUnderTest(url))
})
