import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { newHome, removeHome, type Started, startLaputa } from '../../acceptance/started.ts'
import { signIn, signInAdmin } from './client.ts'
import type { Heard, ToClients } from './live-clients.ts'
import { type Figure, median } from './measure.ts'

const clients = 5000
const users = 20
const password = 'Bench-2026-password'

/** Websocket clients in a process of their own, on the built program: what they cost, and how soon all of them hear of a release. */
export async function benchLive(): Promise<Figure[]> {
  const home = newHome()
  const started = await startLaputa({ home, demo: false })
  const others = startClients()
  try {
    const { publish, authorizations } = await prepare(started)
    const place = { url: started.url, authorizations }
    // The same requests as later, so that what the program keeps of them is not counted.
    await others.ask({ kind: 'tickets', ...place, count: clients })
    await others.ask({ kind: 'connect', ...place, count: 200 })
    await sleep(3000)
    const before = residentKib(started)
    await others.ask({ kind: 'connect', ...place, count: clients - 200 })
    await sleep(3000)
    const each = (residentKib(started) - before) / (clients - 200)
    const times: number[] = []
    for (let round = 0; round < 5; round++) {
      const heard = others.ask({ kind: 'listen' })
      await publish()
      const { last, count } = await heard
      if (count !== clients) throw new Error(`${count} of ${clients} clients heard of the release`)
      times.push(last)
    }
    return [
      { name: `resident memory of one of ${clients} websocket clients`, value: each, unit: 'KiB', bound: '≤ 20' },
      { name: `until the last of ${clients} has heard (median of 5)`, value: median(times), unit: 'ms' },
    ]
  } finally {
    others.end()
    await started.stop()
    removeHome(home)
  }
}

function startClients() {
  const child = fork(join(import.meta.dirname, 'live-clients.ts'), { execArgv: process.execArgv })
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`The process of the clients ended with ${code}.`)
  })
  // Heard of by whoever asks; nobody may.
  ended.catch(() => {})
  return {
    async ask(message: ToClients): Promise<Heard> {
      child.send(message)
      const [answer] = await Promise.race([once(child, 'message'), ended])
      return answer as Heard
    },
    end: () => child.kill(),
  }
}

async function prepare({ url, home }: Started) {
  const { send: admin } = await signInAdmin({ url, home })
  await admin('POST', '/small-apps', { id: 'bench', name: 'bench' })
  const authorizations: string[] = []
  for (let n = 0; n < users; n++) {
    const username = `watcher-${n}`
    await admin('POST', '/users', { username, password, privileges: { bench: ['view'] } })
    authorizations.push((await signIn(url, username, password)).headers.authorization ?? '')
  }
  return { authorizations, publish: () => admin('POST', '/bench/data/release') }
}

function residentKib({ process: { pid } }: Started): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}
