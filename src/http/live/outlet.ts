import type { JsonObject } from '../../base/index.ts'

/** What is sent to clients. Made once, however many get it: each form is printed when the first one needs it. */
export interface Message {
  /** JSON. */
  readonly bytes: Buffer
  /** As a block of an event stream, with the value's `id`. */
  readonly block: () => Buffer
}

/** A client that stays connected, over whatever it came. */
export interface Outlet {
  send(message: Message): void
  /** Bytes that were sent and that the network has not taken yet. */
  waiting(): number
  /** Ends it after what was sent. To a websocket both are told; codes from 4000 on are ours. */
  close(code: number, reason: string): void
}

/** What the other side of an outlet does. */
export interface Visitor {
  /** A text that the client sent; event streams send none. */
  received(text: string): void
  /** It is gone: nothing can be sent any more. Called once. */
  left(): void
}

/** Takes a client in, once it can be sent to. */
export type Enter = (outlet: Outlet) => Visitor

export function createMessage(value: JsonObject): Message {
  const text = JSON.stringify(value)
  let block: Buffer | undefined
  return {
    bytes: Buffer.from(text),
    block() {
      // Without an `event` field, so that one listener of a browser's EventSource hears all of them.
      block ??= Buffer.from(`${typeof value.id === 'string' ? `id: ${value.id}\n` : ''}data: ${text}\n\n`)
      return block
    },
  }
}
