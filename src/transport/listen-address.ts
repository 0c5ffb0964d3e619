/** Where to listen, and which addresses to tell others: what they can dial, not what was bound. */

import { networkInterfaces } from 'node:os';

import { GridError, reasonOf } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import { formatAddress, type HostPort, isAddress, parseAddress } from '../wire/address.ts';

/** @throws {GridError} `usage` */
export function parseListen(text: string): HostPort {
  const address = parseAddress(text);
  if (address !== undefined) return address;
  throw new GridError(
    'usage',
    `A peer listens on "host:port", such as 0.0.0.0:7000, or [::]:7000 with IPv6; "${text}" is ` +
      'not one. Give such an address; port 0 takes any free port.',
  );
}

/**
 * The addresses to tell others, the likeliest first.
 * @param advertise overrides what can be seen from here: a forwarded port, a public name
 * @throws {GridError} `usage` for an override that nobody could dial
 */
export function advertisedAddresses(
  listen: HostPort,
  port: number,
  advertise: readonly string[],
): readonly string[] {
  for (const address of advertise) if (!isAddress(address)) throw badAdvertised(address);
  if (advertise.length > limits.peerAddressesMax) {
    throw new GridError(
      'usage',
      `A peer tells others at most ${limits.peerAddressesMax} addresses of itself, ` +
        `not ${advertise.length}. Name fewer.`,
    );
  }
  if (advertise.length > 0) return advertise;
  const isWildcard = listen.host === '0.0.0.0' || listen.host === '::';
  if (!isWildcard) return [formatAddress(listen.host, port)];
  // Loopback comes last: it reaches the right machine from nowhere but here.
  const hosts = interfaceHosts(listen.host === '::').slice(0, limits.peerAddressesMax - 1);
  return [...hosts, '127.0.0.1'].map((host) => formatAddress(host, port));
}

function interfaceHosts(withIPv6: boolean): readonly string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, family, scopeid }) => {
      // A link-local IPv6 address needs a zone that means nothing on another machine.
      const isGlobal = family === 'IPv4' || (withIPv6 && (scopeid ?? 0) === 0);
      return !internal && isGlobal;
    })
    .map(({ address }) => address);
}

/** What `listen` of a socket failed with, for the person who chose the address. */
export function listenError(listen: HostPort, error: unknown): GridError {
  const where = formatAddress(listen.host, listen.port);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') {
    return new GridError(
      'port-taken',
      `Port ${listen.port} of ${listen.host} is taken by another program, perhaps by another ` +
        'manyhands peer. Stop that program, or listen on another port.',
      { cause: error },
    );
  }
  return new GridError(
    'usage',
    `This peer can't listen on ${where}: ${reasonOf(error)}. Listen on an address of this ` +
      'machine, or on 0.0.0.0, and on a port from 1024 on.',
    { cause: error },
  );
}

function badAdvertised(address: string): GridError {
  return new GridError(
    'usage',
    `A peer tells others "host:port" to reach it at; "${address}" is not one. Give such an ` +
      'address, with a port from 1 to 65535.',
  );
}
