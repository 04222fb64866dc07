import { z } from 'zod'
import { duration, groupRegistry, hosts, integer, secret, secrets, size } from '../setting.ts'

export const connections = z
  .strictObject({
    allow: hosts({
      description:
        'Hosts and networks that connections may reach although they are not public. What is not listed is refused when it leads to an address of this machine, of a private network, or of a cloud’s own services.',
      default: [],
      example: ['db.internal', '10.20.0.0/16'],
    }),
    timeout: duration({
      description: 'How long the source of a connection may take for one query.',
      default: '30 s',
      min: '100 ms',
      max: '1 h',
    }),
    max_rows: integer({
      description:
        'The most rows that one query may bring into this process from a source that cannot run the whole query itself.',
      default: 1_000_000,
      min: 1,
      max: 100_000_000,
      of: 'rows',
    }),
    max_bytes: size({
      description: 'The largest answer that is taken from a source.',
      default: '256 MiB',
      min: '1 KiB',
      max: '16 GiB',
    }),
    concurrency: integer({
      description: 'How many queries run at the same time on one connection. More of them wait.',
      default: 4,
      min: 1,
      max: 100,
      of: 'queries',
    }),
    refresh_timeout: duration({
      description: 'How long reading a source into a stored domain may take.',
      default: '1 h',
      min: '1 s',
      max: '1 day',
    }),
    refresh_max_rows: integer({
      description: 'The most rows that a refresh reads from a source into a stored domain.',
      default: 50_000_000,
      min: 1,
      max: 10_000_000_000,
      of: 'rows',
    }),
    secrets_key: secret({
      description:
        'The key that encrypts the secrets of connections. Without it, a key is made on the first start and kept in `keys/secrets.key` of `home`. Before changing it, put the former key into `old_secrets_keys`.',
      minLength: 32,
    }),
    old_secrets_keys: secrets({
      description:
        'Former keys. Secrets that they encrypted are still read; whatever is saved is encrypted with the present key.',
      minLength: 32,
    }),
  })
  .prefault({})
  .register(groupRegistry, { description: 'Connections to sources of rows outside of Laputa.' })
