import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connectorContract } from '../../../test/contracts/connector.contract.ts'
import { connectors } from '../index.ts'

connectorContract('http', async () => {
  let working = 0
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://x')
    if (url.pathname === '/endless') {
      working += 1
      response.once('close', () => {
        working -= 1
      })
      return
    }
    if (url.pathname === '/refused') {
      response.writeHead(403, { 'content-type': 'text/plain' })
      response.end(JSON.stringify(request.headers))
      return
    }
    const count = Number(url.searchParams.get('count'))
    response.end(JSON.stringify(Array.from({ length: count }, (_, n) => ({ n: n + 1, name: `row ${n + 1}` }))))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const config = {
    baseroute: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    auth: 'basic',
    username: 'somebody',
    password: 'marker-password',
    token: 'marker-token',
  }
  return {
    connector: connectors.get('http')!,
    config,
    allow: ['127.0.0.1'],
    count: (count) => ({ params: { count } }),
    endless: { url: 'endless' },
    working: async () => working,
    refused: { url: 'refused' },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
})
