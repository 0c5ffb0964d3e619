/** A machine's place in the network: it keeps it, whatever process runs there. */

import type { Station } from './station.ts';

export class Place {
  readonly number: number;
  /** An IPv4 address. */
  readonly ip: string;
  /** "host:port". */
  readonly address: string;
  /** The last process that listened here, whatever became of it. */
  station: Station | undefined;
  /** A bit for each cut that nothing sent from here gets over. */
  muteBits = 0;
  /** A bit for each cut that nothing sent to here gets over. */
  deafBits = 0;
  /** How many times longer everything from and to here takes. */
  slowness = 1;

  constructor(number: number, ip: string) {
    this.number = number;
    this.ip = ip;
    this.address = `${ip}:7000`;
  }
}

/**
 * Addresses of machines all over the world: the first 50,000 differ in their first two bytes, which
 * is what bounds on strangers look at.
 */
export function ipNumbered(number: number): string {
  const rest = Math.floor(number / 200);
  return `${1 + (number % 200)}.${rest % 256}.${Math.floor(rest / 256) % 256}.1`;
}
