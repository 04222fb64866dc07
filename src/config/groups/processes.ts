import { z } from 'zod'
import { duration, groupRegistry, host, integer, size, toggle } from '../setting.ts'

export const web = z
  .strictObject({
    workers: integer({
      description: 'How many processes answer HTTP requests when `laputa start --only web` runs.',
      default: 5,
      min: 1,
      max: 128,
      of: 'processes',
    }),
  })
  .prefault({})
  .register(groupRegistry, { description: 'The web processes.' })

export const live = z
  .strictObject({
    port: integer({
      description: 'The port of `laputa start --only live`. In one process, `/live` answers on `http.port`.',
      default: 8081,
      min: 0,
      max: 65535,
    }),
    max_clients: integer({
      description: 'The most websockets of one process.',
      default: 20_000,
      min: 1,
      max: 1_000_000,
      of: 'clients',
    }),
    ticket: duration({ description: 'How long a ticket can be used.', default: '15 s', min: '1 s', max: '5 min' }),
    buffer: size({
      description: 'What may wait to be sent to one client. A client that is slower is told to read everything anew.',
      default: '256 KiB',
      min: '16 KiB',
      max: '64 MiB',
    }),
  })
  .prefault({})
  .register(groupRegistry, { description: 'Websockets and event streams.' })

export const scheduler = z
  .strictObject({
    lease: duration({
      description: 'A scheduler that was not heard of for so long is taken for dead, and another one becomes active.',
      default: '10 s',
      min: '1 s',
      max: '10 min',
    }),
  })
  .prefault({})
  .register(groupRegistry, { description: 'The scheduler.' })

export const health = z
  .strictObject({
    host: host({
      description: 'The address on which each process answers probes and `/metrics`.',
      default: '127.0.0.1',
    }),
    port: integer({
      description:
        'The port on which `laputa start` and `--only web` answer probes and `/metrics`; worker, live and scheduler take the next three. 0: none.',
      default: 0,
      min: 0,
      max: 65532,
    }),
    public_metrics: toggle({
      description: 'Whether `/metrics` also answers on `http.port`, to anybody. It tells the names of apps to nobody.',
      default: false,
    }),
  })
  .prefault({})
  .register(groupRegistry, { description: 'Probes and metrics, answered beside the data.' })
