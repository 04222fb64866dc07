import { isProblem, type Problem } from '../../src/base/index.ts'

/** The problem that some work ends with; what is none, such as success, is an error of the test. */
export async function problemOf(work: Promise<unknown>): Promise<Problem> {
  const error = await work.then(
    () => new Error('nothing was raised'),
    (raised: unknown) => raised,
  )
  if (!isProblem(error)) throw error
  return error
}
