/** The processes of the sandboxes that a test has made, as the system sees them. */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Children of this process that run as the sandbox's, by their ids. */
export function sandboxPids(): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && isSandbox(pid));
}

export function isAlive(pid: number): boolean {
  return !['Z', undefined].includes(stateOf(pid));
}

/** What is open in a process, beyond the usual three: links as /proc shows them, by descriptor. */
export function openFiles(pid: number): Map<number, string> {
  const folder = `/proc/${pid}/fd`;
  const links = readdirSync(folder).flatMap((fd): [number, string][] => {
    try {
      return [[Number(fd), readlinkSync(`${folder}/${fd}`)]];
    } catch {
      // Closed meanwhile, as the one that read the folder.
      return [];
    }
  });
  return new Map(links);
}

/** Seconds of processor time, to the hundredth: user and system, of all threads. */
export function cpuSeconds(pid: number): number {
  const [, , , ...numbers] = statOf(pid);
  return (Number(numbers[9]) + Number(numbers[10])) / 100;
}

export function threadsOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).map(Number);
}

function isSandbox(pid: number): boolean {
  try {
    const [, , parent] = statOf(pid);
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return Number(parent) === process.pid && /(?:sandbox|fake)-process\.[jt]s/.test(command);
  } catch {
    return false;
  }
}

function stateOf(pid: number): string | undefined {
  try {
    return statOf(pid)[1];
  } catch {
    return undefined;
  }
}

/** From the name on, which may hold blanks: name, state, parent and more. */
function statOf(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return [stat, ...stat.slice(stat.lastIndexOf(')') + 2).split(' ')];
}
