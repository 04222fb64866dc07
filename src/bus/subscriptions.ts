import type { Log } from '../base/index.ts'

export interface Subscription {
  readonly receive: (payload: unknown) => unknown
  /** It gets what arrives only while this is true. */
  open: boolean
}

export interface Subscriptions {
  add(channel: string, subscription: Subscription): void
  /** Ends it. Answers whether nobody is left on that channel. */
  end(channel: string, subscription: Subscription): boolean
  on(channel: string): readonly Subscription[]
  channels(): readonly string[]
  /** Gives a text to those of them that are open. */
  deliver(channel: string, text: string, to: readonly Subscription[]): void
  /** Ends all of them. */
  close(): void
}

/** Who listens to what in this process. Each gets an object of its own; nobody waits for a receiver or hears of its errors. */
export function createSubscriptions(log: Log): Subscriptions {
  const channels = new Map<string, Set<Subscription>>()

  function deliverTo(subscription: Subscription, channel: string, text: string): void {
    if (!subscription.open) return
    const failed = (error: unknown) => log.error({ channel, err: error }, 'A receiver of a message failed.')
    try {
      // An async function is a receiver too, and its rejection would end the process.
      Promise.resolve(subscription.receive(JSON.parse(text))).catch(failed)
    } catch (error) {
      failed(error)
    }
  }

  return {
    add(channel, subscription) {
      channels.set(channel, (channels.get(channel) ?? new Set()).add(subscription))
    },
    end(channel, subscription) {
      subscription.open = false
      const left = channels.get(channel)
      if (!left?.delete(subscription) || left.size > 0) return false
      return channels.delete(channel)
    },
    on: (channel) => [...(channels.get(channel) ?? [])],
    channels: () => [...channels.keys()],
    deliver(channel, text, to) {
      for (const subscription of to) deliverTo(subscription, channel, text)
    },
    close() {
      for (const subscriptions of channels.values()) {
        for (const subscription of subscriptions) subscription.open = false
      }
      channels.clear()
    },
  }
}
