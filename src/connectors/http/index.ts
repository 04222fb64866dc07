import { defineConnector } from '../kit.ts'
import { resolveRequest } from './resolve.ts'
import { httpCapabilities, httpConfig, httpQuery } from './schema.ts'

/** JSON over HTTP. It cannot filter: its engine streams all rows, and the planner puts their rule between them and everything else. */
export const http = defineConnector({
  type: 'http',
  label: 'HTTP API',
  config: httpConfig,
  secrets: ['password', 'token'],
  query: httpQuery,
  capabilities: httpCapabilities,
  native: null,
  resolve: resolveRequest,
  open: async (config, deps) => (await import('./open-http.ts')).openHttp(config, deps),
})
