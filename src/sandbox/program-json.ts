/** Values that a program made, as JSON. */

/**
 * Members in the order in which the program made them. What JSON lacks: a bigint becomes its
 * decimal digits as a string, a Map an object, bytes base64.
 * @returns undefined for what has no JSON, such as undefined and functions
 * @throws {TypeError} for cycles
 */
export function jsonOf(value: unknown, indent = 0): string | undefined {
  return JSON.stringify(value, plain, indent);
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  // A copy has the length that the bytes have, whatever their own `length` says.
  if (value instanceof Uint8Array) return Buffer.from(new Uint8Array(value)).toString('base64');
  if (value instanceof Map) return Object.fromEntries(value);
  return value;
}
