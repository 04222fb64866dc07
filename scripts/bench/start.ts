import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { newHome, removeHome, startLaputa } from '../../acceptance/started.ts'
import { type Figure, median } from './measure.ts'

/** The built program: how long a later start takes until it answers, and what it holds in memory at rest. */
export async function benchStart(): Promise<Figure[]> {
  const home = newHome()
  try {
    await (await startLaputa({ home })).stop()
    const ready: number[] = []
    const resident: number[] = []
    for (let round = 0; round < 5; round++) {
      const started = await startLaputa({ home })
      ready.push(started.readyAfter)
      await sleep(1500)
      const status = readFileSync(`/proc/${started.process.pid}/status`, 'utf8')
      resident.push(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024)
      await started.stop()
    }
    return [
      {
        name: 'start to ready, after the first start (median of 5)',
        value: median(ready),
        unit: 'ms',
        bound: '≤ 1500',
      },
      { name: 'resident memory at rest (median of 5)', value: median(resident), unit: 'MiB', bound: '≤ 200' },
    ]
  } finally {
    removeHome(home)
  }
}
