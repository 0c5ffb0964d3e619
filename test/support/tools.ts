/** Programs that tests use where the machine has them. */

import { spawnSync } from 'node:child_process';

type ToolRun = {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
};

/**
 * Runs a program to its end.
 * @returns undefined when it isn't installed
 */
export function runTool(
  command: string,
  args: readonly string[],
  options: { readonly input?: string; readonly cwd?: string } = {},
): ToolRun | undefined {
  const ran = spawnSync(command, args, { encoding: 'utf8', ...options });
  if (ran.error && 'code' in ran.error && ran.error.code === 'ENOENT') return undefined;
  if (ran.error) throw ran.error;
  return { status: ran.status, stdout: ran.stdout, stderr: ran.stderr };
}
