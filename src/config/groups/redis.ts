import { z } from 'zod'
import { choice, duration, groupRegistry, integer, secret, text, texts, toggle } from '../setting.ts'

export const redis = z
  .strictObject({
    mode: choice(['single', 'sentinel', 'cluster'], {
      description: 'What answers: one server, a set that sentinels watch, or a cluster.',
      default: 'single',
    }),
    url: secret({
      minLength: 8,
      description:
        'The address of a single server, such as `redis://user:password@host:6379/0` or `rediss://…` for TLS.',
    }),
    nodes: texts({
      description: 'The sentinels, or nodes of the cluster, as `host:port`.',
      default: [],
      example: ['10.0.0.1:26379', '10.0.0.2:26379'],
      pattern: /^[\w.-]+:\d{1,5}$/,
      expected: 'a list of `host:port`',
    }),
    sentinel_name: text({ description: 'The name of the set that the sentinels watch.', default: 'mymaster' }),
    username: text({
      description: 'The user of sentinel and cluster set-ups; empty: the default one.',
      default: '',
      example: 'laputa',
    }),
    password: secret({ minLength: 1, description: 'Its password, for sentinel and cluster set-ups.' }),
    database: integer({
      description: 'The number of the database, for sentinel set-ups.',
      default: 0,
      min: 0,
      max: 1000,
    }),
    tls: toggle({
      description: 'Whether connections are encrypted, for sentinel and cluster set-ups.',
      default: false,
    }),
    tls_ca_file: text({
      description:
        'A file with the certificates of the authorities that signed the server’s own; empty: those of the system.',
      default: '',
      example: '/etc/laputa/redis-ca.pem',
    }),
    prefix: text({
      description: 'What the names of all keys begin with. Instances that share a server must not share it.',
      default: 'laputa',
      pattern: /^[A-Za-z0-9_-]{1,40}$/,
      expected: 'a name of 1 to 40 letters, digits, `_` and `-`',
    }),
    connect_timeout: duration({
      description: 'How long opening a connection may take.',
      default: '5 s',
      min: '100 ms',
      max: '5 min',
    }),
    command_timeout: duration({
      description: 'How long a command may take before it counts as failed. The cache is then done without.',
      default: '2 s',
      min: '50 ms',
      max: '5 min',
    }),
  })
  .prefault({})
  .register(groupRegistry, { description: 'The Redis server (or one that speaks its protocol), where one is used.' })
