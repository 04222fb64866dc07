import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Problem } from '../../base/index.ts'
import type { Client, Connections } from './connections.ts'
import { cannotUse, reasonOf } from './failures.ts'

/** What the bus and BullMQ are written for. */
const oldest = [6, 2] as const

/** Connects, or says why not within that time: the server may be starting just now. Errors: as `cannotUse`. */
export async function connect(client: Client, connections: Connections, patienceMs: number): Promise<void> {
  let failure: unknown = 'it does not answer'
  const giveUp = new AbortController()
  const remember = (error: unknown) => {
    failure = error
    if (isFinal(error)) giveUp.abort()
  }
  client.on('error', remember)
  const ready = new Promise<true>((resolve) => client.once('ready', () => resolve(true)))
  // It goes on trying by itself: the first failure is not the end.
  client.connect().catch(remember)
  const patience = sleep(patienceMs, false, { signal: giveUp.signal }).catch(() => false)
  const isConnected = await Promise.race([ready, patience])
  giveUp.abort()
  client.off('error', remember)
  if (!isConnected) throw cannotUse(failure, connections)
}

function isFinal(error: unknown): boolean {
  return /WRONGPASS|NOAUTH|invalid password|DB index/i.test(reasonOf(error))
}

/** Does what the bus will do. Errors: `config_invalid` for an old server, or one that refuses it. */
export async function tryOut(client: Client, connections: Connections, keyOf: (name: string) => string): Promise<void> {
  const key = keyOf(`try-${randomUUID()}`)
  const script = `redis.call('HSET', KEYS[1], 'a', 1) redis.call('PEXPIRE', KEYS[1], 1000) return redis.call('TIME')`
  try {
    checkVersion(await versionOf(client), connections)
    await client.eval(script, 1, key)
    await client.set(key, '1', 'PX', 1000)
    await client.publish(key, '1')
  } catch (error) {
    throw cannotUse(error, connections)
  }
}

/** Undefined when the server does not tell. */
async function versionOf(client: Client): Promise<string | undefined> {
  // Of Valkey this is the version of Redis that it stands in for.
  return /^redis_version:(\S+)/m.exec(await client.info('server'))?.[1]
}

function checkVersion(version: string | undefined, { address, setting }: Connections): void {
  if (version === undefined) return
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return
  const message = `it is version ${version}, and ${oldest.join('.')} is the oldest that can be used`
  throw new Problem('config_invalid', `Redis at ${address} cannot be used: ${message}. See \`${setting.address}\`.`, {
    errors: [{ path: setting.address, message }],
  })
}
