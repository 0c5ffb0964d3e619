/** What can be told of a value that a program made, before anything is done with it. */

export type JobFunction = (...args: unknown[]) => unknown;

export function isRecord(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null;
}

export function isFunction(value: unknown): value is JobFunction {
  return typeof value === 'function';
}
