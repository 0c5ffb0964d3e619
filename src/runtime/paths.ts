/** Where a peer keeps what is its own, and where its owner finds it: the XDG data directory. */

import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** One folder holds one peer: its key, its jobs, its blobs, its control socket. */
export function defaultDataPath(environment: NodeJS.ProcessEnv): string {
  const xdg = environment['XDG_DATA_HOME'];
  // The XDG specification: a relative path there is invalid and to be ignored.
  const base = xdg?.startsWith('/') === true ? xdg : join(homedir(), '.local', 'share');
  return join(base, 'manyhands');
}

export function controlPathOf(dataPath: string): string {
  return join(resolve(dataPath), 'control.sock');
}
