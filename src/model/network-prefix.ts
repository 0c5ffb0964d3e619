/**
 * Which network an address is in, told from its text alone. Identities are free here, and so are
 * ports; addresses in many networks are not. So where strangers could crowd out all others, the
 * places are counted by network prefix.
 *
 * IPv4 by /16 and IPv6 by /32, as Bitcoin Core counts its outbound connections (`netgroup.cpp`): a
 * /16 is what one owner seldom has more than one of, and a /32 is the least that a registry gives
 * to a provider, while a /48 comes free with any rented machine. Names count by their last two
 * labels, since whoever owns a domain has as many names under it as he likes. Where those two are a
 * public suffix, all its names count as one; a list of such suffixes was rejected, it ages.
 *
 * Addresses that only mean something nearby have no prefix: a grid on one machine or in one house
 * has no other, and nobody can be pushed there from far away.
 */

/** "host:port" to the prefix of its host; undefined for one that only means something nearby. */
export function addressPrefix(address: string): string | undefined {
  const colon = address.lastIndexOf(':');
  return hostPrefix(colon < 0 ? address : address.slice(0, colon));
}

/** The same for a bare IP address, as it is seen on a connection, or a name. */
export function hostPrefix(host: string): string | undefined {
  const bare = host.startsWith('[') ? host.slice(1, -1) : host;
  if (bare.includes(':')) return ipv6Prefix(bare);
  const bytes = ipv4Bytes(bare);
  if (bytes !== undefined) return ipv4Prefix(bytes);
  // Such as "134744072" or "0x8.8.8.8", which some resolvers take for IPv4: all count as one.
  return ENDS_IN_NUMBER.test(bare) ? 'number' : namePrefix(bare);
}

/** Each once; those that only mean something nearby are left out. */
export function addressPrefixes(addresses: readonly string[]): string[] {
  const prefixes: string[] = [];
  for (const address of addresses) {
    const prefix = addressPrefix(address);
    if (prefix !== undefined && !prefixes.includes(prefix)) prefixes.push(prefix);
  }
  return prefixes;
}

/** As the URL standard tells IPv4 from names: the last label is a number. */
const ENDS_IN_NUMBER = /(?:^|\.)(?:\d+|0x[\da-f]*)\.?$/i;
/** Suffixes that no public name has: RFC 6761, RFC 6762, and ICANN's for private use. */
const NEARBY_SUFFIXES = new Set(['localhost', 'local', 'internal']);

const ZERO = 48;
const DOT = 46;

/** By hand: this is done for every record that comes, and a regular expression costs four times. */
function ipv4Bytes(text: string): readonly number[] | undefined {
  const bytes: number[] = [];
  let byte = -1;
  for (let index = 0; index <= text.length; index++) {
    const figure = index === text.length ? DOT - ZERO : text.charCodeAt(index) - ZERO;
    if (figure === DOT - ZERO && byte >= 0) {
      bytes.push(byte);
      byte = -1;
    } else if (figure >= 0 && figure <= 9) byte = Math.max(byte, 0) * 10 + figure;
    else return undefined;
    if (byte > 255) return undefined;
  }
  return bytes.length === 4 ? bytes : undefined;
}

function ipv4Prefix([a = 0, b = 0]: readonly number[]): string | undefined {
  const nearby =
    // This host, private (RFC 1918), loopback.
    a === 0 ||
    a === 10 ||
    a === 127 ||
    (a === 172 && b >= 16 && b <= 31) ||
    (a === 192 && b === 168) ||
    // Link-local (RFC 3927), shared behind a provider's NAT (RFC 6598).
    (a === 169 && b === 254) ||
    (a === 100 && b >= 64 && b <= 127);
  return nearby ? undefined : `${a}.${b}`;
}

function ipv6Prefix(text: string): string | undefined {
  const groups = ipv6Groups(text);
  if (groups === undefined) return 'number';
  const [first = 0, second = 0] = groups;
  const leading = groups.findIndex((group) => group !== 0);
  // Unspecified, loopback.
  if (leading < 0 || (leading === 7 && groups[7] === 1)) return undefined;
  // IPv4 in IPv6's clothes, `::ffff:a.b.c.d`.
  if (leading === 5 && groups[5] === 0xffff) return ipv4Prefix(halves(groups[6] ?? 0));
  // Link-local (fe80::/10), unique-local (fc00::/7).
  if ((first & 0xffc0) === 0xfe80 || (first & 0xfe00) === 0xfc00) return undefined;
  return `${first.toString(16)}:${second.toString(16)}`;
}

/** Eight numbers of 16 bits, or undefined for what is no IPv6 address. */
function ipv6Groups(text: string): readonly number[] | undefined {
  const [plain = ''] = text.split('%');
  const sides = plain.split('::');
  if (sides.length > 2) return undefined;
  const [head, tail] = sides.map((side) => side.split(':').flatMap(ipv6Group));
  const zeros = 8 - (head?.length ?? 0) - (tail?.length ?? 0);
  if (tail === undefined ? zeros !== 0 : zeros < 1) return undefined;
  const groups = [...(head ?? []), ...Array.from({ length: zeros }, () => 0), ...(tail ?? [])];
  return groups.every((group) => group >= 0) ? groups : undefined;
}

/** One or, written as IPv4, two groups; none for an empty side; -1 for anything else. */
function ipv6Group(text: string): readonly number[] {
  if (text === '') return [];
  if (/^[\da-f]{1,4}$/i.test(text)) return [Number.parseInt(text, 16)];
  const [a, b, c, d] = ipv4Bytes(text) ?? [];
  if (a === undefined || b === undefined || c === undefined || d === undefined) return [-1];
  return [a * 256 + b, c * 256 + d];
}

function halves(group: number): readonly number[] {
  return [group >> 8, group & 255];
}

function namePrefix(name: string): string | undefined {
  const labels = name.toLowerCase().replace(/\.$/, '').split('.');
  const last = labels.at(-1) ?? '';
  if (labels.length < 2 || NEARBY_SUFFIXES.has(last)) return undefined;
  return labels.slice(-2).join('.');
}
