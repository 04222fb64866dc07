import { Readable } from 'node:stream'
import type { Reply } from '../route.ts'
import type { Enter } from './outlet.ts'

const heartbeatMs = 15_000

/** So many heartbeats in a row that the network did not take: the client is gone. */
const patience = 4

/**
 * Answers with an event stream (`text/event-stream`) that stays open until the client leaves or its outlet is closed. What is sent and
 * not taken waits in the stream.
 */
export function eventStream(enter: Enter): Reply<never> {
  const body = new Readable({ read() {} })
  let stuck = 0
  let ended = false
  const heartbeat = setInterval(() => {
    stuck = body.readableLength > 0 ? stuck + 1 : 0
    if (stuck >= patience) body.destroy()
    else if (stuck === 0 && !ended) body.push(':\n\n')
  }, heartbeatMs).unref()
  const visitor = enter({
    send: (message) => {
      if (!ended) body.push(message.block())
    },
    waiting: () => body.readableLength,
    close() {
      if (ended) return
      ended = true
      body.push(null)
    },
  })
  body.once('close', () => {
    ended = true
    clearInterval(heartbeat)
    visitor.left()
  })
  return {
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      // A proxy that collects answers before it passes them on would hold each event back.
      'x-accel-buffering': 'no',
    },
    body,
  }
}
