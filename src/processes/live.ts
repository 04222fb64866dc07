import { closeOnFailure } from './close-on-failure.ts'
import { composeProduct } from './compose.ts'
import { openServer } from './open-server.ts'
import { partsOf } from './parts.ts'
import type { Product } from './product.ts'
import { type Frame, type Running, runProcess } from './run-process.ts'
import type { RoleStart } from './start-options.ts'

/** Websockets and event streams, on a port of their own. */
export function runLive(start: RoleStart): Promise<void> {
  return runProcess(start, { role: 'live', portOffset: 2, patient: true, open: (frame) => open(start, frame) })
}

async function open({ config, version, print }: RoleStart, frame: Frame): Promise<Running> {
  const deps = { config, version, ...frame }
  const product = await composeProduct(deps)
  await closeOnFailure(product, async () => {
    const server = await openServer(product, deps, liveRoutes(product))
    product.live.attach(server.server)
    const address = await server.listen({ host: config.http.host, port: config.live.port })
    print(`laputa ${version} live ready at ${address}/live`)
  })
  return { parts: partsOf(product, { bus: false }), end: product.close }
}

/** Its own, and the probes of a load balancer. */
function liveRoutes({ live, serving }: Product): Product['serving']['routes'] {
  const probes = serving.routes.filter(({ scope, url }) => scope === 'public' && url.startsWith('/health/'))
  return [...probes, ...live.routes]
}
