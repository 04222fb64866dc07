import { newHome, removeHome, type Started, startLaputa } from '../../acceptance/started.ts'
import { prepareCachedApp } from './cached-app.ts'
import { type Load, load } from './load.ts'
import { type Figure, median } from './measure.ts'

const seconds = 1
const rounds = 15

/** How long a cached chart takes with and without a row rule: one request after the other, so that nothing waits in line. */
export async function benchRule(): Promise<Figure[]> {
  const home = newHome()
  let laputa: Started | undefined
  try {
    laputa = await startLaputa({ home, demo: false })
    const targets = await prepareCachedApp(laputa)
    const pid = Number(laputa.process.pid)
    const loads: { all: Load; ruled: Load }[] = []
    // In turns, and which one comes first changes. The first round warms them up, and is not counted.
    for (let round = 0; round <= rounds; round++) {
      const one = round % 2 === 0 ? 'all' : 'ruled'
      const other = one === 'all' ? 'ruled' : 'all'
      const first = await load({ ...targets[one], connections: 1 }, pid, seconds)
      const second = await load({ ...targets[other], connections: 1 }, pid, seconds)
      if (round > 0) loads.push(one === 'all' ? { all: first, ruled: second } : { all: second, ruled: first })
    }
    const all = swift(loads.map((round) => round.all))
    const ruled = swift(loads.map((round) => round.ruled))
    const work = median(loads.map((round) => (round.ruled.cpuPerRequest / round.all.cpuPerRequest - 1) * 100))
    return [
      { name: 'a cached chart, one at a time', value: all, unit: 'ms' },
      { name: 'the same with a row rule', value: ruled, unit: 'ms' },
      { name: 'what a rule adds to the time of an answer', value: (ruled / all - 1) * 100, unit: '%', bound: '≤ 5' },
      { name: 'what a rule adds to the work on an answer', value: work, unit: '%' },
    ]
  } finally {
    await laputa?.stop()
    removeHome(home)
  }
}

/** Milliseconds of an answer in the rounds that little else disturbed: the lower quartile. */
function swift(loads: readonly Load[]): number {
  const times = loads.map(({ perSecond }) => 1000 / perSecond).sort((a, b) => a - b)
  return times[Math.floor(times.length / 4)] ?? Number.NaN
}
