export { createDialer, type Dialer, type DialerSettings, type ResolveHost } from './dialer.ts'
export type {
  Connection,
  ConnectionStatus,
  Connector,
  ConnectorDeps,
  ConnectorLimits,
  ResolvedSource,
  SourceTable,
  StatusCheck,
} from './port.ts'
export { connectors } from './registry.ts'
