import type { Json, Log } from '../../base/index.ts'
import { jsonText } from '../json-text.ts'
import { createSubscriptions, type Subscription } from '../subscriptions.ts'

export interface Messages {
  publish(channel: string, payload: Json): void
  subscribe(channel: string, receive: (payload: unknown) => void): () => Promise<void>
  close(): void
}

/** Messages within this process. A payload is made into text and read again for each receiver, as if it came over a network. */
export function createMessages(log: Log): Messages {
  const subscriptions = createSubscriptions(log)
  return {
    publish(channel, payload) {
      const text = jsonText(payload)
      const receivers = subscriptions.on(channel)
      if (receivers.length > 0) setImmediate(() => subscriptions.deliver(channel, text, receivers))
    },
    subscribe(channel, receive) {
      const subscription: Subscription = { receive, open: true }
      subscriptions.add(channel, subscription)
      return async () => {
        subscriptions.end(channel, subscription)
      }
    },
    close: subscriptions.close,
  }
}
