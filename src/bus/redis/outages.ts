import type { Log } from '../../base/index.ts'
import type { Client } from './connections.ts'
import { reasonOf } from './failures.ts'

/**
 * Says once that the server is away, and once that it is back, however often connecting fails in between. Answers a function that
 * ends it.
 */
export function watchOutages(client: Client, address: string, log: Log): () => void {
  let isOver = false
  let since: number | undefined
  let reason = 'the connection was closed'
  client.on('error', (error) => {
    reason = reasonOf(error)
  })
  client.on('close', () => {
    if (since !== undefined || isOver) return
    since = performance.now()
    log.warn({ address, reason }, 'Redis is away. What can be done without it goes on.')
  })
  client.on('ready', () => {
    if (since === undefined) return
    log.info({ address, seconds: Math.round((performance.now() - since) / 1000) }, 'Redis is back.')
    since = undefined
    reason = 'the connection was closed'
  })
  return () => {
    isOver = true
  }
}
