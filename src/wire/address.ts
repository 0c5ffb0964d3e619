/** "host:port", as peers tell each other where they can be reached. IPv6 stands in brackets. */

import { isIPv6 } from 'node:net';

import { limits } from '../model/limits.ts';

/**
 * A DNS name (an underscore is common in container networks), an IPv4 address or a bracketed IPv6.
 */
const ADDRESS =
  /^(?:\[(?<ip6>[0-9a-f:.]+)\]|(?<name>[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?)):(?<port>\d{1,5})$/i;

export type HostPort = { readonly host: string; readonly port: number };

/** True for what a peer may be told to dial; port 0 is none. */
export function isAddress(text: string): boolean {
  const parsed = parseAddress(text);
  return parsed !== undefined && parsed.port > 0;
}

/**
 * Splits "host:port"; port 0 passes, for listening on any free port.
 * @returns undefined if it isn't one; the host without brackets
 */
export function parseAddress(text: string): HostPort | undefined {
  if (text.length > limits.addressCharsMax) return undefined;
  const groups = ADDRESS.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const { ip6, name, port } = groups;
  if (ip6 !== undefined && !isIPv6(ip6)) return undefined;
  const host = ip6 ?? name;
  const portNumber = Number(port);
  return host === undefined || portNumber > 65_535 ? undefined : { host, port: portNumber };
}

export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
