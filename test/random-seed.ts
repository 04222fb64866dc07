import fc from 'fast-check'

/**
 * The cases of property tests are the same at each run, so that what fails fails again, and what passed on one machine passes on the next.
 * `LAPUTA_FUZZ_SEED` is another seed, or `random` for another one at each run.
 */
const wanted = process.env.LAPUTA_FUZZ_SEED
if (wanted !== 'random') fc.configureGlobal({ seed: wanted ? Number(wanted) : 20_261_124 })
