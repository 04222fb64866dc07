import { z } from 'zod'
import { groupRegistry, host, integer, networks, size, toggle } from '../setting.ts'

export const http = z
  .strictObject({
    host: host({
      description: 'The address to listen on. `0.0.0.0` listens on every network of the machine.',
      default: '127.0.0.1',
    }),
    port: integer({
      description: 'The port to listen on. 0 takes a free one, which the start line prints.',
      default: 8080,
      min: 0,
      max: 65535,
    }),
    trust_proxy: networks({
      description:
        'The reverse proxies whose `X-Forwarded-*` headers are believed. The throttle of sign-ins counts per client address, so behind a proxy this has to name it. Naming an address that is not a proxy of yours lets whoever has it pretend to be any client.',
      default: [],
      example: ['loopback', '10.0.0.0/8'],
    }),
    body_limit: size({
      description: 'The largest body of a request that is not an upload.',
      default: '1 MiB',
      min: '1 KiB',
      max: '64 MiB',
    }),
    upload_limit: size({
      description: 'The largest file that can be uploaded.',
      default: '512 MiB',
      min: '1 KiB',
      max: '1024 GiB',
    }),
    docs_page: toggle({ description: 'Whether `/docs` shows the description of the API.', default: true }),
  })
  .prefault({})
  .register(groupRegistry, { description: 'The web server.' })
