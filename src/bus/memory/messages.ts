import { type Json, type Log, Problem } from '../../base/index.ts'

export interface Messages {
  publish(channel: string, payload: Json): void
  subscribe(channel: string, receive: (payload: unknown) => void): () => Promise<void>
  close(): void
}

interface Subscription {
  readonly receive: (payload: unknown) => unknown
  ended: boolean
}

/**
 * Messages within this process. A payload is made into text once and read again for each receiver, as if it had come over a
 * network: nobody shares an object, and nobody waits for a receiver or hears of its errors.
 */
export function createMessages(log: Log): Messages {
  const channels = new Map<string, Set<Subscription>>()

  function deliver(channel: string, subscription: Subscription, text: string): void {
    if (subscription.ended) return
    const failed = (error: unknown) => log.error({ channel, err: error }, 'A receiver of a message failed.')
    try {
      // An async function is a receiver too, and its rejection would end the process.
      Promise.resolve(subscription.receive(JSON.parse(text))).catch(failed)
    } catch (error) {
      failed(error)
    }
  }

  function publish(channel: string, payload: Json): void {
    const text = textOf(payload)
    const receivers = [...(channels.get(channel) ?? [])]
    if (receivers.length === 0) return
    setImmediate(() => {
      for (const subscription of receivers) deliver(channel, subscription, text)
    })
  }

  function subscribe(channel: string, receive: (payload: unknown) => void): () => Promise<void> {
    const subscription: Subscription = { receive, ended: false }
    const receivers = channels.get(channel) ?? new Set()
    channels.set(channel, receivers.add(subscription))
    return async () => {
      subscription.ended = true
      receivers.delete(subscription)
      // A later subscription may have put another set in this one's place.
      if (receivers.size === 0 && channels.get(channel) === receivers) channels.delete(channel)
    }
  }

  function close(): void {
    for (const receivers of channels.values()) {
      for (const subscription of receivers) subscription.ended = true
    }
    channels.clear()
  }

  return { publish, subscribe, close }
}

function textOf(payload: Json): string {
  let text: string | undefined
  try {
    text = JSON.stringify(payload)
  } catch (cause) {
    throw new Problem('internal', 'A message is not JSON.', { cause })
  }
  if (text === undefined) throw new Problem('internal', 'A message is not JSON.')
  return text
}
