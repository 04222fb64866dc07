import type { AddressInfo } from 'node:net'
import { createServer, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { problemOf } from '../../test/builders/problem-of.ts'
import { createDialer } from './index.ts'

const never = new AbortController().signal

/** A dialer whose resolver answers with these addresses, one list after the other. */
function dialerTo(answers: readonly (readonly string[])[], allow: readonly string[] = []) {
  let asked = 0
  const dialer = createDialer({ allow }, async () => answers[Math.min(asked++, answers.length - 1)] ?? [])
  return { dialer, asked: () => asked }
}

const hostile = [
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '100.64.0.1',
  '100.100.100.200',
  '127.0.0.1',
  '127.255.255.255',
  '168.63.129.16',
  '169.254.0.1',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.192',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.0.1',
  '198.18.0.1',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::127.0.0.1',
  '::8.8.8.8',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '0:0:0:0:0:ffff:a9fe:a9fe',
  '::ffff:0:127.0.0.1',
  '64:ff9b::127.0.0.1',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b:1::8.8.8.8',
  '100::1',
  '2001::1',
  '2001:0:4136:e378:8000:63bf:3fff:fdd2',
  '2001:db8::1',
  '2001:10::1',
  '2002:7f00:1::',
  '2002:808:808::1',
  '2606:4700::5efe:127.0.0.1',
  '2606:4700::200:5efe:7f00:1',
  '3fff::1',
  '4000::1',
  '5f00::1',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fec0::1',
  'ff02::1',
]

/** Other ways to write 127.0.0.1 and 169.254.169.254, and what is no host at all. */
const disguises = [
  '2130706433',
  '0x7f000001',
  '0x7f.1',
  '0177.0.0.1',
  '127.1',
  '127.0.0.1.',
  '0',
  '①②⑦.0.0.1',
  '0xa9.0xfe.0xa9.0xfe',
  '[::1]',
  '[::ffff:127.0.0.1]',
  'fe80::1%eth0',
  '[fe80::1%25eth0]',
  '::1%1',
  'user@127.0.0.1',
  '127.0.0.1:80',
  '127.0.0.1/x',
  '127.0.0.1#x',
  '127.0.0.1\\x',
  '',
  ' ',
  'a b',
  '/var/run/postgresql',
]

describe('the dialer', () => {
  let server: Server
  let port: number
  let reached = 0
  beforeAll(async () => {
    server = createServer((socket) => {
      reached += 1
      socket.end()
    })
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    port = (server.address() as AddressInfo).port
  })
  afterAll(() => {
    server.close()
  })

  it.each(hostile)('refuses %s, as a name and as itself', async (address) => {
    const { dialer } = dialerTo([[address]])
    const named = await problemOf(dialer.connect('db.example.com', port, never))
    expect(named.code).toBe('address_refused')
    expect(named.message).toContain('db.example.com')
    expect(named.message).not.toContain(address)
    expect((await problemOf(dialer.connect(address, port, never))).code).toBe('address_refused')
  })

  it.each(disguises)('refuses "%s"', async (host) => {
    const { dialer, asked } = dialerTo([['8.8.8.8']])
    expect((await problemOf(dialer.locate(host, never))).code).toBe('address_refused')
    expect(asked()).toBe(0)
  })

  it.each([
    ['8.8.8.8'],
    ['172.32.0.1'],
    ['2606:4700::1111'],
    ['::ffff:8.8.8.8'],
    ['64:ff9b::8.8.8.8'],
    ['2001:4860:4860::8888'],
  ])('lets %s through', async (address) => {
    expect(await dialerTo([[address]]).dialer.locate('example.com', never)).toEqual([address])
  })

  it('refuses a name as soon as one of its addresses is bad', async () => {
    const { dialer } = dialerTo([['8.8.8.8', '10.0.0.1']])
    expect((await problemOf(dialer.locate('example.com', never))).code).toBe('address_refused')
    expect((await problemOf(dialerTo([['not an address']]).dialer.locate('example.com', never))).code).toBe(
      'address_refused',
    )
  })

  it('allows what the operator names: networks, addresses, hosts', async () => {
    const refusedBy = async (allow: string[], host: string, address: string) =>
      dialerTo([[address]], allow)
        .dialer.locate(host, never)
        .then(
          () => false,
          () => true,
        )
    expect(await refusedBy(['10.0.0.0/8'], 'db.internal', '10.1.2.3')).toBe(false)
    expect(await refusedBy(['10.0.0.0/8'], 'db.internal', '::ffff:10.1.2.3')).toBe(false)
    expect(await refusedBy(['10.0.0.0/8'], 'db.internal', '11.0.0.1')).toBe(false)
    expect(await refusedBy(['10.0.0.0/8'], 'db.internal', '192.168.0.1')).toBe(true)
    expect(await refusedBy(['10.1.2.3'], 'db.internal', '10.1.2.4')).toBe(true)
    expect(await refusedBy(['fd00::/8'], 'db.internal', 'fd00::1')).toBe(false)
    expect(await refusedBy(['DB.internal'], 'db.INTERNAL.', '10.1.2.3')).toBe(false)
    expect(await refusedBy(['internal'], 'db.internal', '10.1.2.3')).toBe(true)
    expect(await refusedBy(['db.internal'], 'db.internal.evil.test', '10.1.2.3')).toBe(true)
    expect(await refusedBy(['localhost'], '127.0.0.1', '127.0.0.1')).toBe(true)
  })

  it('goes to the address that it checked, whatever the name leads to afterwards', async () => {
    const rebinding = dialerTo([['127.0.0.1'], ['169.254.169.254']], ['127.0.0.1'])
    const before = reached
    const socket = await rebinding.dialer.connect('rebind.example.com', port, never)
    expect(socket.remoteAddress).toBe('127.0.0.1')
    socket.destroy()
    expect(rebinding.asked()).toBe(1)
    expect(reached).toBe(before + 1)
    const other = dialerTo([['8.8.8.8'], ['127.0.0.1']])
    await other.dialer.locate('rebind.example.com', never)
    expect((await problemOf(other.dialer.connect('rebind.example.com', port, never))).code).toBe('address_refused')
  })

  it('tries the other addresses of a name', async () => {
    const { dialer } = dialerTo([['127.0.0.2', '127.0.0.1']], ['127.0.0.0/8'])
    const socket = await dialer.connect('example.com', port, never)
    expect(socket.remoteAddress).toBe('127.0.0.1')
    socket.destroy()
  })

  it('says what went wrong without addresses', async () => {
    const gone = createDialer({ allow: ['127.0.0.1'] }, async () => {
      throw Object.assign(new Error('queryA ENOTFOUND 10.0.0.53'), { code: 'ENOTFOUND' })
    })
    expect(await problemOf(gone.connect('nowhere.example.com', 1, never))).toMatchObject({
      code: 'source_failed',
      message: 'The host "nowhere.example.com" was not found (ENOTFOUND).',
    })
    const closed = dialerTo([['127.0.0.1']], ['127.0.0.1'])
    expect((await problemOf(closed.dialer.connect('example.com', 1, never))).message).toBe(
      'The host "example.com" does not answer on port 1 (ECONNREFUSED).',
    )
    expect((await problemOf(dialerTo([[]]).dialer.locate('example.com', never))).code).toBe('source_failed')
  })

  it('gives up with its signal, while it looks up and while it connects', async () => {
    const slow = createDialer({ allow: [] }, () => new Promise(() => {}))
    expect((await problemOf(slow.connect('example.com', 1, AbortSignal.timeout(20)))).code).toBe('query_timeout')
    const { dialer } = dialerTo([['127.0.0.1']], ['127.0.0.1'])
    expect((await problemOf(dialer.connect('example.com', port, AbortSignal.abort()))).code).toBe('cancelled')
  })
})
