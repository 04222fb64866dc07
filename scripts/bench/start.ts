import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { anInstallation, canBeSplit, type Role } from '../../acceptance/failures/installation.ts'
import { newHome, removeHome, startLaputa } from '../../acceptance/started.ts'
import { type Figure, median } from './measure.ts'

const roundsOfRoles = 3

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
      ...(await startsOfRoles()),
    ]
  } finally {
    removeHome(home)
  }
}

/** The same of each role by itself, on servers of its own: Redis, and MongoDB or what stands in for it. None where they are not installed. */
async function startsOfRoles(): Promise<Figure[]> {
  if (!canBeSplit) return []
  const installation = await anInstallation()
  const readyAfter = async (role: Role): Promise<number> => {
    const one = await installation.start(role, { args: role === 'web' ? ['--workers', '1'] : [] })
    await one.end()
    return one.readyAfter
  }
  try {
    await readyAfter('web')
    const figures: Figure[] = []
    for (const role of ['web', 'worker', 'live', 'scheduler'] as const) {
      const times: number[] = []
      for (let round = 0; round < roundsOfRoles; round++) times.push(await readyAfter(role))
      const name = `start to ready of --only ${role} (median of ${roundsOfRoles})`
      figures.push({ name, value: median(times), unit: 'ms', bound: '≤ 1500' })
    }
    return figures
  } finally {
    await installation.remove()
  }
}
