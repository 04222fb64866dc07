import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { newHome, removeHome, type Started, startLaputa } from '../../acceptance/started.ts'
import { signInAdmin } from './client.ts'
import { burst } from './load.ts'
import { type Figure, median } from './measure.ts'

const requests = 500
const sourceMs = 200
const rounds = 5

/** So many equal requests at once for what is not cached: how often a slow source is asked. */
export async function benchMisses(): Promise<Figure[]> {
  const home = newHome()
  let asked = 0
  const source = createServer((_request, response) => {
    asked += 1
    setTimeout(() => response.end('[{"country":"FR","amount":1},{"country":"IT","amount":2}]'), sourceMs)
  }).listen(0, '127.0.0.1')
  await once(source, 'listening')
  let laputa: Started | undefined
  try {
    laputa = await startLaputa({ home, demo: false, env: { LAPUTA_CONNECTIONS__ALLOW: '127.0.0.1' } })
    const { send, headers } = await signInAdmin(laputa)
    await prepareLiveApp(send, source)
    const counts: number[] = []
    const times: number[] = []
    for (let round = 0; round < rounds; round++) {
      asked = 0
      const started = performance.now()
      await burst({ url: `${laputa.url}/bench/data`, headers, body: chart(round) }, requests)
      times.push(performance.now() - started)
      counts.push(asked)
    }
    return [
      {
        name: `${requests} equal misses at once: all answered (with the start of the client)`,
        value: median(times),
        unit: 'ms',
      },
      {
        name: `queries of the ${sourceMs} ms source (the most of ${rounds} rounds)`,
        value: Math.max(...counts),
        unit: '',
        bound: '= 1',
      },
    ]
  } finally {
    await laputa?.stop()
    source.close()
    removeHome(home)
  }
}

/** Another one each round. */
function chart(round: number): string {
  const steps = [
    { name: 'text', new_column: 'round', text: String(round) },
    { name: 'sort', columns: [{ column: 'amount', order: 'desc' }] },
  ]
  return JSON.stringify({ domain: 'remote', pipeline: steps })
}

async function prepareLiveApp(send: Awaited<ReturnType<typeof signInAdmin>>['send'], source: Server): Promise<void> {
  const baseroute = `http://127.0.0.1:${(source.address() as AddressInfo).port}`
  await send('POST', '/small-apps', { id: 'bench', name: 'bench' })
  const { id } = await send('POST', '/bench/connections', { name: 'slow', type: 'http', config: { baseroute } })
  await send('PUT', '/bench/data/domains/remote', { kind: 'live', connection: id, query: {} })
  await send('PUT', '/bench/permissions/remote', [{ scope: 'ALL_USERS', effect: 'SEE_ALL' }])
  await send('POST', '/bench/data/release')
}
