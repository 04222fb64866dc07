import { http } from './http/index.ts'
import type { Connector } from './port.ts'
import { postgres } from './postgres/index.ts'

/** Every kind of source, by its type. Drivers are loaded when a connection opens. */
export const connectors: ReadonlyMap<string, Connector> = new Map(
  [postgres, http].map((connector) => [connector.type, connector]),
)
