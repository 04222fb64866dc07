import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createServer, type Server } from '../http/index.ts'
import type { ComposeDeps, Product } from './product.ts'

/** A web server over the product: of all its routes, or of some. */
export async function openServer(
  product: Product,
  deps: ComposeDeps,
  routes = product.serving.routes,
): Promise<Server> {
  const { log, version, config, metrics } = deps
  const server = await product.open(
    'server',
    createServer({
      ...{ ...product.serving, routes, log, version, settings: config.http, observe: metrics?.request },
      staticFolders: { console: consoleFolder() },
    }),
  )
  // Closed before the server, which waits for its connections.
  await product.open('live', product.live)
  metrics?.watchClients(product.live.clients)
  return server
}

/** Built by `npm run build`; from the sources it is found in `dist/` too. */
function consoleFolder(): string | undefined {
  const built = [join(import.meta.dirname, '..', 'console'), join(import.meta.dirname, '..', '..', 'dist', 'console')]
  return built.find((folder) => existsSync(join(folder, 'index.html')))
}
