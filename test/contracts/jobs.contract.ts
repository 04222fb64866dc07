import { afterEach, beforeEach, describe } from 'vitest'
import { endingContract } from './jobs/ending.contract.ts'
import { createJobsite, type Jobsite, type JobsPlace } from './jobs/fixture.ts'
import { losingContract } from './jobs/losing.contract.ts'
import { runningContract } from './jobs/running.contract.ts'
import { submittingContract } from './jobs/submitting.contract.ts'

export type { JobsPlace }

/** What jobs must do on every store and bus. `open` gives an empty place. */
export function jobsContract(name: string, open: () => Promise<JobsPlace>): void {
  describe(`${name}: jobs contract`, () => {
    let site: Jobsite
    const current = () => site
    beforeEach(async () => {
      site = createJobsite(await open())
    })
    afterEach(() => site.end())

    submittingContract(current)
    runningContract(current)
    endingContract(current)
    losingContract(current)
  })
}
