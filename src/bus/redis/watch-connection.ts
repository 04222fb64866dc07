import { randomUUID } from 'node:crypto'
import type { Log } from '../../base/index.ts'
import type { Client } from './connections.ts'
import { reasonOf } from './failures.ts'

interface Deps {
  readonly commands: Client
  /** Connected. */
  readonly subscriber: Client
  readonly log: Log
  readonly keyOf: (channel: string) => string
}

interface Listening {
  /** What has to be listened to. */
  channels(): readonly string[]
  /** Everything is listened to again, and something may have been missed. */
  resumed(): void
}

/** How often this process sends a message to itself, and how many of them may be lost before the connection counts as dead. */
const beatMs = 5000
const beatsLost = 3

/** Sees to it that a connection for messages is listened to again after it was lost. Answers a function that ends it. */
export async function watchConnection(
  { commands, subscriber, log, keyOf }: Deps,
  listening: Listening,
): Promise<() => void> {
  const beat = keyOf(`beat-${randomUUID()}`)
  let isInterrupted = false
  let silentBeats = 0
  let isOver = false

  async function resume(): Promise<void> {
    isInterrupted = false
    try {
      await subscriber.subscribe(beat, ...listening.channels())
    } catch (error) {
      isInterrupted = true
      log.debug({ reason: reasonOf(error) }, 'Messages do not come through Redis yet.')
      return
    }
    // Only now: what is published from here on arrives.
    if (!isOver) listening.resumed()
  }

  subscriber.on('message', (key: string) => {
    if (key !== beat) return
    silentBeats = 0
    if (isInterrupted) void resume()
  })
  subscriber.on('close', () => {
    isInterrupted = true
  })
  subscriber.on('ready', () => {
    if (isInterrupted) void resume()
  })
  await subscriber.subscribe(beat)

  const heart = setInterval(() => {
    commands.publish(beat, '0').catch(() => {})
    if (silentBeats > 0) isInterrupted = true
    silentBeats++
    if (silentBeats <= beatsLost) return
    silentBeats = 0
    subscriber.disconnect(true)
  }, beatMs).unref()

  return () => {
    isOver = true
    clearInterval(heart)
  }
}
