import { lookup } from 'node:dns/promises'
import { connect as connectSocket, isIP, type LookupFunction, type Socket } from 'node:net'
import { Problem } from '../base/index.ts'
import { createAddressRules, plainHost } from './addresses.ts'
import { abortProblem, codeOf, orAborted } from './failure.ts'

export interface DialerSettings {
  /** Networks (`10.0.0.0/8`), addresses and host names that may be reached although they are private or reserved. */
  readonly allow: readonly string[]
}

/** All addresses of a host name. */
export type ResolveHost = (host: string) => Promise<readonly string[]>

/**
 * The one way out of this process to sources. A host is looked up once, all its addresses are checked, and the connection goes to one of
 * these very addresses, so that a name cannot lead somewhere else after the check. Errors: `address_refused` naming the host, never an
 * address; `source_failed` for a host that is not found or does not answer; those of the signal.
 */
export interface Dialer {
  /** The checked addresses of a host. */
  locate(host: string, signal: AbortSignal): Promise<readonly string[]>
  /** A connected socket. The caller ends it. */
  connect(host: string, port: number, signal: AbortSignal): Promise<Socket>
}

/** `resolve` is for tests; by default the operating system's own resolver answers. */
export function createDialer({ allow }: DialerSettings, resolve: ResolveHost = askSystem): Dialer {
  const rules = createAddressRules(allow)

  async function locate(host: string, signal: AbortSignal): Promise<readonly string[]> {
    const name = plainHost(host)
    if (name === undefined) throw refused(host)
    const addresses = isIP(name) ? [name] : await orAborted(addressesOf(name, resolve), signal)
    // One bad address among good ones is a trick, or a mistake that would show itself now and then.
    if (!addresses.every((address) => rules.mayReach(name, address))) throw refused(host)
    return addresses
  }

  return {
    locate,
    connect: async (host, port, signal) => {
      const addresses = await locate(host, signal)
      return openSocket({ host, port, addresses }, signal)
    },
  }
}

async function askSystem(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address)
}

async function addressesOf(host: string, resolve: ResolveHost): Promise<readonly string[]> {
  try {
    const addresses = await resolve(host)
    if (addresses.length > 0) return addresses
  } catch (error) {
    throw new Problem('source_failed', `The host "${host}" was not found (${codeOf(error)}).`)
  }
  throw new Problem('source_failed', `The host "${host}" has no address.`)
}

function refused(host: string): Problem {
  return new Problem('address_refused', `The host "${host}" leads to a private or reserved address, or is none.`)
}

interface Target {
  readonly host: string
  readonly port: number
  readonly addresses: readonly string[]
}

function openSocket({ host, port, addresses }: Target, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(abortProblem(signal))
    const lookupPinned: LookupFunction = (_name, { all }, answer) => {
      const [first = ''] = addresses
      if (all) {
        answer(
          null,
          addresses.map((address) => ({ address, family: isIP(address) })),
        )
      } else answer(null, first, isIP(first))
    }
    // The name is not looked up again: whatever it is, these addresses are the answer.
    const socket = connectSocket({ host: 'checked.invalid', port, lookup: lookupPinned, autoSelectFamily: true })
    const end = (action: () => void) => {
      signal.removeEventListener('abort', giveUp)
      socket.off('error', fail).off('connect', succeed)
      action()
    }
    const giveUp = () => {
      end(() => reject(abortProblem(signal)))
      socket.on('error', () => {}).destroy()
    }
    const fail = (error: unknown) => {
      const detail = `The host "${host}" does not answer on port ${port} (${codeOf(error)}).`
      end(() => reject(new Problem('source_failed', detail)))
    }
    const succeed = () => end(() => resolve(socket))
    signal.addEventListener('abort', giveUp, { once: true })
    socket.once('error', fail).once('connect', succeed)
  })
}
