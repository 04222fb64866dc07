import type { Json, Log } from '../../base/index.ts'
import { isJsonText, jsonText } from '../json-text.ts'
import { createSubscriptions, type Subscription } from '../subscriptions.ts'
import type { Client } from './connections.ts'
import type { Ask } from './failures.ts'
import { createNotices } from './notices.ts'
import { watchConnection } from './watch-connection.ts'

export interface Messages {
  publish(channel: string, payload: Json): Promise<void>
  subscribe(channel: string, receive: (payload: unknown) => void): Promise<() => Promise<void>>
  whenInterrupted(notice: () => void): () => void
  close(): void
}

interface Deps {
  readonly commands: Client
  /** Connected. */
  readonly subscriber: Client
  readonly ask: Ask
  readonly log: Log
  readonly keyOf: (channel: string) => string
}

/**
 * Messages over one connection of this process. They are lost while it is broken: that is found out by the connection itself, and
 * by messages to itself that do not arrive.
 */
export async function createMessages(deps: Deps): Promise<Messages> {
  const { commands, subscriber, ask, log, keyOf } = deps
  const subscriptions = createSubscriptions(log)
  const notices = createNotices(log)
  const stopWatching = await watchConnection(deps, { channels: subscriptions.channels, resumed: notices.tell })

  subscriber.on('message', (key: string, text: string) => {
    const receivers = subscriptions.on(key)
    if (receivers.length === 0) return
    if (isJsonText(text)) subscriptions.deliver(key, text, receivers)
    else log.warn({ channel: key }, 'A message that is not JSON was dropped.')
  })

  async function subscribe(channel: string, receive: (payload: unknown) => void): Promise<() => Promise<void>> {
    const key = keyOf(channel)
    const subscription: Subscription = { receive, open: false }
    subscriptions.add(key, subscription)
    async function end(): Promise<void> {
      // When it fails, the connection is gone, and with it the subscription.
      if (subscriptions.end(key, subscription)) await subscriber.unsubscribe(key).catch(() => {})
    }
    try {
      // Also when somebody listens already: what was published before the answer is not for this one.
      await subscriber.subscribe(key)
    } catch (error) {
      await end()
      throw error
    }
    subscription.open = true
    return end
  }

  return {
    publish: (channel, payload) =>
      ask(async () => {
        await commands.publish(keyOf(channel), jsonText(payload))
      }),
    subscribe: (channel, receive) => ask(() => subscribe(channel, receive)),
    whenInterrupted: notices.add,
    close() {
      stopWatching()
      notices.clear()
      subscriptions.close()
    },
  }
}
