/** The error that a promise is expected to reject with. */

import { GridError } from '../../src/model/errors.ts';

export async function gridErrorOf(promise: Promise<unknown>): Promise<GridError> {
  const error: unknown = await promise.catch((error: unknown) => error);
  if (error instanceof GridError) return error;
  throw new Error(`expected a GridError, got ${String(error)}`, { cause: error });
}
