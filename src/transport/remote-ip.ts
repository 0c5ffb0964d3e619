/** The IP address at the other end of a call, from how gRPC names that end. */

import { isIP, SocketAddress } from 'node:net';

/**
 * In one form for each address, so that the same machine is not counted as two: IPv6 as short as
 * can be, without a zone, and IPv4 by itself where it comes mapped into IPv6.
 * @param name what `getPeer()` says: "address:port", IPv6 with brackets or without
 * @returns the empty string if it names no IP address
 */
export function remoteIp(name: string): string {
  const host = name.slice(0, name.lastIndexOf(':')).replace(/^\[(.*)\]$/, '$1');
  const [address = ''] = host.split('%');
  const version = isIP(address);
  if (version !== 6) return version === 4 ? address : '';
  return new SocketAddress({ address, family: 'ipv6' }).address.replace(mappedPrefix, '');
}

const mappedPrefix = /^::ffff:(?=\d+\.)/;
