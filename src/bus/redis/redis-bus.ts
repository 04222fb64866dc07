import { type Log, Problem } from '../../base/index.ts'
import { checkQueueName } from '../check-queued.ts'
import type { Bus } from '../port.ts'
import type { BusDeps } from '../settings.ts'
import { within } from '../within.ts'
import { createCache } from './cache.ts'
import { connect, tryOut } from './connect.ts'
import { type Client, type Connections, createConnections, type RedisSettings, type Use } from './connections.ts'
import { type Ask, busFailed, cannotUse } from './failures.ts'
import { createIncrement, createLocks } from './locks.ts'
import { createMessages, type Messages } from './messages.ts'
import { watchOutages } from './outages.ts'
import { createRedisQueue, type RedisQueue } from './queue.ts'

/**
 * What the processes of an instance share through a Redis server. While it is away everything fails within the time of a command,
 * and works again by itself when it is back; workers wait for it. Errors: `bus_failed`; at the start `config_invalid` when
 * waiting would not help, with the setting to change.
 */
export async function openRedisBus(settings: RedisSettings, { log }: BusDeps): Promise<Bus> {
  const connections = await createConnections(settings)
  const clients = createClients(connections)
  const keyOf = (kind: string) => (name: string) => `${settings.prefix}:${kind}:${name}`
  try {
    const commands = clients.open('commands')
    await connect(commands, connections, settings.connect_timeout)
    await tryOut(commands, connections, keyOf('channel'))
    const subscriber = clients.open('subscriber')
    await connect(subscriber, connections, settings.connect_timeout)
    const gate = createGate(watchOutages(commands, connections.address, log))
    const messages = await createMessages({ commands, subscriber, ask: gate.ask, log, keyOf: keyOf('channel') })
    return assemble({ settings, clients, commands, messages, gate, log, keyOf })
  } catch (error) {
    clients.disconnect()
    throw cannotUse(error, connections)
  }
}

interface Parts {
  readonly settings: RedisSettings
  readonly clients: Clients
  readonly commands: Client
  readonly messages: Messages
  readonly gate: Gate
  readonly log: Log
  readonly keyOf: (kind: string) => (name: string) => string
}

function assemble({ settings, clients, commands, messages, gate, log, keyOf }: Parts): Bus {
  const { ask, isClosed } = gate
  const patienceMs = settings.command_timeout
  const counterOf = keyOf('counter')
  const queues = new Map<string, RedisQueue>()
  let workers: Client | undefined

  function queue(name: string): RedisQueue {
    checkQueueName(name)
    const known = queues.get(name)
    if (known) return known
    const workersClient = () => {
      workers ??= clients.open('workers')
      return workers
    }
    const made = createRedisQueue(name, {
      commands,
      workers: workersClient,
      ask,
      log,
      prefix: settings.prefix,
      patienceMs,
    })
    queues.set(name, made)
    return made
  }

  async function close(): Promise<void> {
    if (isClosed()) return
    gate.close()
    messages.close()
    await Promise.all([...queues.values()].map((each) => each.end()))
    // What was asked before is answered first.
    await within(patienceMs, commands.quit())
    clients.disconnect()
  }

  return {
    local: false,
    cache: createCache(commands, ask, keyOf('cache')),
    increment: createIncrement({ client: commands, ask, isClosed, keyOf: counterOf }),
    reset: (key) =>
      ask(async () => {
        await commands.del(counterOf(key))
      }),
    lock: createLocks({ client: commands, ask, isClosed, keyOf: keyOf('lock') }),
    publish: messages.publish,
    subscribe: messages.subscribe,
    whenInterrupted: messages.whenInterrupted,
    queue,
    ping: () =>
      ask(async () => {
        await commands.ping()
      }),
    close,
  }
}

interface Gate {
  readonly ask: Ask
  readonly isClosed: () => boolean
  readonly close: () => void
}

/** Lets requests through until the bus is closed. `whenClosed` is called then. */
function createGate(whenClosed: () => void): Gate {
  let closed = false
  return {
    ask: async (work) => {
      if (closed) throw new Problem('internal', 'The bus is closed.')
      try {
        return await work()
      } catch (error) {
        throw busFailed(error)
      }
    },
    isClosed: () => closed,
    close: () => {
      closed = true
      whenClosed()
    },
  }
}

interface Clients {
  open(use: Use): Client
  disconnect(): void
}

function createClients(connections: Connections): Clients {
  const opened: Client[] = []
  return {
    open(use) {
      const client = connections.open(use)
      // Outages are told by who watches them, and what a command failed of by who asked.
      client.on('error', () => {})
      opened.push(client)
      return client
    },
    disconnect() {
      for (const client of opened) client.disconnect()
    },
  }
}
