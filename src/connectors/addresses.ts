import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6

/** Which hosts and networks an operator allows although they are private, as `connections.allow` has them. */
export interface AddressRules {
  /** Whether a connection to `host`, which is at `address`, may be made. */
  mayReach(host: string, address: string): boolean
}

/** The only global unicast addresses that there are so far; what is beyond has no meaning that could be checked. */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3')
/** NAT64: the last 32 bits are the IPv4 address that is reached. */
const translated = ipaddr.IPv6.parseCIDR('64:ff9b::/96')
/** Public by their number, but answered by the host of a virtual machine: secrets of the machine are read there. */
const metadata = new Set(['168.63.129.16'])

/** Entries are networks (`10.0.0.0/8`), addresses and host names. What is neither network nor address is taken for a name. */
export function createAddressRules(allow: readonly string[]): AddressRules {
  const networks = allow.map(networkOf).filter((network) => network !== undefined)
  const names = new Set(allow.filter((entry) => networkOf(entry) === undefined).map(plainHost))
  return {
    mayReach: (host, text) => {
      const address = reachedBy(text)
      if (address === undefined) return false
      return names.has(host) || isPublic(address) || networks.some((network) => isIn(address, network))
    },
  }
}

/**
 * A host as it is looked up: in lower case, an address without brackets, the decimal, octal and hexadecimal forms of IPv4 as four numbers.
 * Undefined for what is more than a host or none, and for addresses with a zone.
 */
export function plainHost(host: string): string | undefined {
  const bare = host.replace(/^\[(.*)\]$/, '$1')
  if (isIP(bare) === 6) return bare.includes('%') ? undefined : bare.toLowerCase()
  if (!/^[^\s/\\?#@:%[\]]+$/.test(host)) return undefined
  try {
    return new URL(`http://${host}/`).hostname.replace(/\.$/, '') || undefined
  } catch {
    return undefined
  }
}

/** The address that really is reached, out of its disguises. Undefined for what is no address, and for addresses with a zone. */
function reachedBy(text: string): Address | undefined {
  if (isIP(text) === 0 || text.includes('%')) return undefined
  // In hexadecimal: the library takes the IPv4-compatible `::8.8.8.8` for the IPv4-mapped one, which is another address.
  const address = ipaddr.parse(isIP(text) === 6 ? new URL(`http://[${text}]/`).hostname.slice(1, -1) : text)
  if (!(address instanceof ipaddr.IPv6)) return address
  if (!address.isIPv4MappedAddress() && !address.match(translated)) return address
  return new ipaddr.IPv4(address.toByteArray().slice(12))
}

function isPublic(address: Address): boolean {
  if (address.range() !== 'unicast' || metadata.has(address.toString())) return false
  return address instanceof ipaddr.IPv4 || (address.match(globalUnicast) && !isTunnel(address))
}

/** ISATAP: whatever the network, an IPv4 address in the last 32 bits is reached. */
function isTunnel({ parts }: ipaddr.IPv6): boolean {
  return ((parts[4] ?? 0) & 0xfdff) === 0 && parts[5] === 0x5efe
}

function networkOf(entry: string): [Address, number] | undefined {
  if (ipaddr.IPv6.isValidCIDR(entry) || ipaddr.IPv4.isValidCIDRFourPartDecimal(entry)) return ipaddr.parseCIDR(entry)
  if (isIP(entry) === 0 || entry.includes('%')) return undefined
  const address = ipaddr.parse(entry)
  return [address, address instanceof ipaddr.IPv4 ? 32 : 128]
}

function isIn(address: Address, [network, bits]: [Address, number]): boolean {
  return address.kind() === network.kind() && address.match(network, bits)
}
