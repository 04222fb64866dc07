import type { Socket } from 'node:net'
import pg from 'pg'
import { orAborted } from '../failure.ts'
import type { ConnectorDeps } from '../port.ts'
import type { PostgresConfig } from './schema.ts'

/** Values come as the server writes them: it knows best what it has. */
const asText = { getTypeParser: () => (text: string) => text } as pg.CustomTypesConfig

/** A client that is signed in, over a socket of the dialer. Errors: those of the dialer and the signal, and of the driver as they are. */
export async function openClient(
  config: PostgresConfig,
  { dialer }: Pick<ConnectorDeps, 'dialer'>,
  signal: AbortSignal,
): Promise<pg.Client> {
  const socket = await dialer.connect(config.host, config.port, signal)
  const client = new pg.Client({
    host: config.host,
    port: config.port,
    user: config.user,
    // Without any, the driver would look into the environment and files of this process.
    password: () => config.password ?? '',
    database: config.database,
    ssl: tlsOptions(config),
    sslnegotiation: 'postgres',
    application_name: 'laputa',
    client_encoding: 'UTF8',
    stream: () => alreadyConnected(socket),
    keepAlive: true,
    types: asText,
  })
  // Who uses the client sees the error in what it was doing.
  client.on('error', () => {})
  try {
    await orAborted(client.connect(), signal)
    return client
  } catch (error) {
    socket.destroy()
    throw error
  }
}

function tlsOptions({ ssl, ca }: PostgresConfig): false | pg.ClientConfig['ssl'] {
  if (ssl === 'disable') return false
  if (ssl === 'require') return { rejectUnauthorized: false }
  const believed = ca === undefined ? {} : { ca }
  // `verify-ca` means just that: whose name is in the certificate does not count.
  return ssl === 'verify-full' ? believed : { ...believed, checkServerIdentity: () => undefined }
}

/** The driver wants to connect by itself; it gets the socket whose address has been checked. */
function alreadyConnected(socket: Socket): Socket {
  return Object.assign(socket, {
    connect: () => {
      queueMicrotask(() => socket.emit('connect'))
      return socket
    },
  })
}
