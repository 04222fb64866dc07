import { z } from 'zod'
import { choice, duration, groupRegistry, integer, secret, text, toggle } from '../setting.ts'

/** One schema for the driver: documents and rows may both be kept on this server. */
export const mongo = z
  .strictObject({
    url: secret({
      minLength: 10,
      description:
        'The address of the MongoDB server or cluster, such as `mongodb://user:password@host:27017/` or `mongodb+srv://…`. Needed where `store.kind` or `rows.kind` is `mongo`.',
    }),
    database: text({
      description: 'The database that holds everything of this instance. Instances must not share one.',
      default: 'laputa',
      pattern: /^[A-Za-z0-9_-]{1,40}$/,
      expected: 'a name of 1 to 40 letters, digits, `_` and `-`',
    }),
    tls: toggle({
      description: 'Whether connections are encrypted. `mongodb+srv` addresses always are.',
      default: false,
    }),
    tls_ca_file: text({
      description:
        'A file with the certificates of the authorities that signed the server’s own; empty: those of the system.',
      default: '',
      example: '/etc/laputa/mongo-ca.pem',
    }),
    tls_certificate_file: text({
      description: 'A file with a certificate and its key, for servers that ask clients for one; empty: none.',
      default: '',
      example: '/etc/laputa/mongo-client.pem',
    }),
    max_pool: integer({
      description:
        'The most connections of a process to the server for documents, and as many again for rows where both are kept there.',
      default: 20,
      min: 1,
      max: 1000,
      of: 'connections',
    }),
    min_pool: integer({
      description:
        'Connections that stay open when nothing happens: for documents, and as many again for rows where both are kept there.',
      default: 0,
      min: 0,
      max: 1000,
      of: 'connections',
    }),
    read_preference: choice(['primary', 'primaryPreferred', 'secondary', 'secondaryPreferred', 'nearest'], {
      description:
        'Which members of a replica set are asked for the rows of domains. Documents are always read from the primary.',
      default: 'primary',
    }),
    connect_timeout: duration({
      description: 'How long opening a connection may take.',
      default: '10 s',
      min: '100 ms',
      max: '5 min',
    }),
    server_timeout: duration({
      description:
        'How long an operation waits for a server that can take it. It is also how long a start waits for the server.',
      default: '10 s',
      min: '100 ms',
      max: '5 min',
    }),
    socket_timeout: duration({
      description: 'After how long without a byte a connection counts as dead.',
      default: '5 min',
      min: '1 s',
      max: '1 day',
    }),
  })
  .prefault({})
  .register(groupRegistry, { description: 'The MongoDB server, where one is used.' })
