import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createServer, type Server } from '../http/index.ts'
import type { ComposeDeps, Product } from './product.ts'

/** How long requests that run may take when it closes. The master of web workers waits longer. */
const patienceMs = 10_000

/** A web server over the product: of all its routes, or of some. */
export async function openServer(
  product: Product,
  deps: ComposeDeps,
  routes = product.serving.routes,
): Promise<Server> {
  const { log, version, config, metrics } = deps
  const server = await createServer({
    ...{ ...product.serving, routes, log, version, settings: config.http, observe: metrics?.request },
    staticFolders: { console: consoleFolder() },
  })
  await product.open('server', { close: () => closeServer(server) }, patienceMs)
  // Closed before the server, which waits for its connections.
  await product.open('live', product.live)
  metrics?.watchClients(product.live.clients)
  return server
}

/** A connection whose last request was answered meanwhile is kept alive by its client: it would be waited for in vain. */
async function closeServer(server: Server): Promise<void> {
  const dropping = setInterval(() => server.server.closeIdleConnections(), 100)
  try {
    await server.close()
  } finally {
    clearInterval(dropping)
  }
}

/** Built by `npm run build`; from the sources it is found in `dist/` too. */
function consoleFolder(): string | undefined {
  const built = [join(import.meta.dirname, '..', 'console'), join(import.meta.dirname, '..', '..', 'dist', 'console')]
  return built.find((folder) => existsSync(join(folder, 'index.html')))
}
