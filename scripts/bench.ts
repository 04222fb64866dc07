/** `npm run bench [name…] [--json]`: figures of what was promised to be fast, as ratios of two things measured in one run. */

import { benchBusy } from './bench/busy.ts'
import { benchCached } from './bench/cached.ts'
import { benchFetch } from './bench/fetch.ts'
import { benchJobs } from './bench/jobs.ts'
import { benchLive } from './bench/live.ts'
import { type Figure, report } from './bench/measure.ts'
import { benchMisses } from './bench/misses.ts'
import { benchPipeline } from './bench/pipeline.ts'
import { benchRule } from './bench/rule.ts'
import { benchStart } from './bench/start.ts'

const benches = {
  busy: benchBusy,
  cached: benchCached,
  fetch: benchFetch,
  jobs: benchJobs,
  live: benchLive,
  misses: benchMisses,
  pipeline: benchPipeline,
  rule: benchRule,
  start: benchStart,
} as const

const chosen = process.argv.slice(2).filter((name) => !name.startsWith('--'))
const unknown = chosen.filter((name) => !Object.hasOwn(benches, name))
if (unknown.length > 0) {
  process.stderr.write(`There is no benchmark ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}.\n`)
  process.exit(1)
}
const figures: Figure[] = []
for (const [name, bench] of Object.entries(benches)) {
  if (chosen.length === 0 || chosen.includes(name)) figures.push(...(await bench()))
}
report(figures, process.argv.includes('--json'))
