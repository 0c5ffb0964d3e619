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

/**
 * The same for a program that is there and must succeed.
 * @returns its stdout
 */
export function mustRun(command: string, args: readonly string[]): string {
  const ran = runTool(command, args);
  if (ran?.status === 0) return ran.stdout;
  throw new Error(`${command} ${args.join(' ')}: ${ran?.stderr.trim() ?? 'it is not installed'}`);
}
