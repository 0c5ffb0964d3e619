/**
 * Trouble that the user can mend. One closed union of codes, so that the CLI can give each its exit
 * code and a reader can find every place that raises one. What strangers do wrong is not here: that
 * is a value in the protocol, counted and never thrown across layers.
 */

export const gridErrorCodes = [
  'usage',
  'invalid-id',
  'unknown-job',
  'job-invalid',
  'job-failed',
  'job-cancelled',
  'audit-failed',
  'audit-undecided',
  'input-unreadable',
  'output-unwritable',
  'no-peer-running',
  'peer-already-running',
  'port-taken',
  'peer-unreachable',
  'wrong-grid',
  'wrong-peer',
  'incompatible-peer',
  'grid-file-invalid',
  'identity-invalid',
  'store-failed',
  'disk-full',
  'interrupted',
  'internal',
] as const;

export type GridErrorCode = (typeof gridErrorCodes)[number];

export class GridError extends Error {
  override readonly name = 'GridError';
  readonly code: GridErrorCode;

  /**
   * @param message one paragraph for a person: what was expected, what came, what to do. It may
   *   hold line breaks where it shows a list, as in a disputed chunk's groups.
   */
  constructor(code: GridErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** The message of anything thrown, for use inside a longer sentence. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Marks a branch that the types say is never reached. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
