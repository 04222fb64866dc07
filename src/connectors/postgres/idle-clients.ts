import type pg from 'pg'

/** How long an unused session stays open. */
const idleMs = 30_000
/** How long a server may take to say goodbye before the line is cut. */
const endMs = 3000

/** Clients that wait for their next query. Those that the server closes are forgotten. */
export interface IdleClients {
  keep(client: pg.Client): Promise<void>
  take(): pg.Client | undefined
  close(): Promise<void>
}

export function createIdleClients(): IdleClients {
  const idle = new Map<pg.Client, { readonly timer: NodeJS.Timeout; readonly forget: () => void }>()
  let closed = false

  function release(client: pg.Client): pg.Client {
    const kept = idle.get(client)
    idle.delete(client)
    if (kept) {
      clearTimeout(kept.timer)
      client.off('end', kept.forget)
    }
    return client
  }

  return {
    keep: async (client) => {
      if (closed) return endClient(client)
      const forget = () => release(client)
      client.once('end', forget)
      idle.set(client, { timer: setTimeout(() => endClient(release(client)), idleMs).unref(), forget })
    },
    take: () => {
      const [client] = idle.keys()
      return client && release(client)
    },
    close: async () => {
      closed = true
      await Promise.all([...idle.keys()].map((client) => endClient(release(client))))
    },
  }
}

export async function endClient(client: pg.Client): Promise<void> {
  const timer = setTimeout(() => cutClient(client), endMs)
  await client.end().catch(() => {})
  clearTimeout(timer)
}

/** Ends a client whose server may not answer any more. */
export function cutClient(client: pg.Client): void {
  client.connection.stream.destroy()
}
