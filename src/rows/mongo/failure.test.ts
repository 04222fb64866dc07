import { MongoNetworkError, MongoServerError } from 'mongodb'
import { expect, it } from 'vitest'
import { Problem, silentLog } from '../../base/index.ts'
import { loadConfig } from '../../config/index.ts'
import { createFailures } from './failure.ts'

const url = 'mongodb://anna:secret@db.example:27017/'
const failures = createFailures({ ...loadConfig({ env: {} }).mongo, url }, silentLog)
const refusal = (code: number, codeName = 'Location') =>
  new MongoServerError({ message: "Failed to parse number 'salary 5000'", code, codeName })

it('tells what a query did, without what stood in its rows', () => {
  const timeUp = failures.ofQuery(refusal(50, 'MaxTimeMSExpired'))
  expect(timeUp.code).toBe('query_timeout')
  for (const code of [241, 2, 9, 16_605, 40_066, 292, 10_334, 17_419, 11_601]) {
    const problem = failures.ofQuery(refusal(code))
    expect([code, problem.code]).toEqual([code, 'query_failed'])
    expect(`${problem.message}${String(problem.cause)}`).not.toContain('5000')
  }
})

it('tells what is the fault of the server and not of the query, and never the password', () => {
  const away = new MongoNetworkError('connect ECONNREFUSED 127.0.0.1:27017')
  for (const error of [away, refusal(11_600), refusal(10_107), refusal(175), refusal(189), refusal(14_031)]) {
    for (const problem of [failures.ofQuery(error), failures.ofWriting(error)]) {
      expect(problem.code).toBe('storage_failed')
      expect(problem.message).not.toContain('secret')
    }
  }
  expect(failures.ofQuery(away).message).toContain('mongo.url')
  expect(failures.ofQuery(refusal(13)).errors).toMatchObject([{ path: 'mongo.database' }])
})

it('tells what a native query did in the words of the server', () => {
  const message = 'PlanExecutor error during aggregation :: caused by :: can’t $divide by zero'
  const error = new MongoServerError({ message, code: 16_608, codeName: 'Location16608' })
  const problem = failures.ofQuery(error, { isNative: true })
  expect([problem.code, problem.message]).toEqual(['query_failed', 'The native query failed: can’t $divide by zero'])
  expect(failures.ofQuery(refusal(11_600), { isNative: true }).code).toBe('storage_failed')
})

it('leaves problems as they are', () => {
  const problem = new Problem('cancelled', 'It was given up.')
  expect([failures.ofQuery(problem), failures.ofWriting(problem)]).toEqual([problem, problem])
  expect(failures.ofWriting(new RangeError('the source broke'))).toMatchObject({ code: 'storage_failed' })
})
