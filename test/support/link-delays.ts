/**
 * Makes links between hosts slow and lossy, as those of the world are: by netem, which is part of
 * most kernels. Where it is not, frames leave the kernel on their way and a process lets them wait
 * (`delay-lines-process.ts`):
 *
 *     host eth0 == port --[tap > process > tap]-- wire == plug, which goes on the switch
 *
 * A tap is a macvtap in passthru mode: a file from which all that arrives at an interface is read,
 * and to which is written what is to leave there.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { onTestFinished } from 'vitest';

import { tempDir } from './temp-dir.ts';
import { mustRun, runTool } from './tools.ts';

export type LinkQuality = {
  /** Of what a host sends, not of what it receives; so a round trip takes it twice. */
  readonly delayMs: number;
  readonly lossPercent: number;
};

export type Link = {
  /** Namespace where the link's one end is, `eth0`. */
  readonly host: string;
  /** Name of its other end. */
  readonly port: string;
};

const linesMain = fileURLToPath(new URL('delay-lines-process.ts', import.meta.url));

/**
 * @param net a namespace to try it in
 * @param device an interface there
 * @returns undefined where there is a way to delay links
 */
export function whyNoDelays(net: string, device: string): string | undefined {
  if (hasNetem(net, device)) return undefined;
  const tap = tapWords(device, 'tried');
  const tried = runTool('ip', ['-n', net, ...tap]);
  if (tried?.status !== 0) return `neither netem nor macvtap: ${tried?.stderr.trim()}`;
  mustRun('ip', ['-n', net, 'link', 'del', 'tried']);
  return undefined;
}

/**
 * @param net the namespace of the links' other ends
 * @returns for each link, which of the interfaces there is to go on a switch
 */
export async function delayLinks(
  net: string,
  links: readonly Link[],
  quality: LinkQuality,
): Promise<readonly string[]> {
  const [first] = links;
  if (first === undefined) return [];
  if (hasNetem(first.host, 'eth0')) {
    for (const { host } of links) mustRun('tc', netemWords(host, 'eth0', quality));
    return links.map(({ port }) => port);
  }
  const lines = links.map(({ port }) => addLine(net, port));
  await startLines(
    net,
    lines.map(({ taps }) => taps),
    quality,
  );
  return lines.map(({ plug }) => plug);
}

function hasNetem(namespace: string, device: string): boolean {
  const tried = runTool('tc', netemWords(namespace, device, { delayMs: 1, lossPercent: 0 }));
  if (tried?.status !== 0) return false;
  mustRun('tc', ['-n', namespace, 'qdisc', 'del', 'dev', device, 'root']);
  return true;
}

function netemWords(namespace: string, device: string, quality: LinkQuality): readonly string[] {
  const { delayMs, lossPercent } = quality;
  const netem = ['netem', 'delay', `${delayMs}ms`, 'loss', `${lossPercent}%`];
  return ['-n', namespace, 'qdisc', 'add', 'dev', device, 'root', ...netem];
}

type Line = {
  /** What goes on the switch. */
  readonly plug: string;
  /** Towards the host, and towards the switch. */
  readonly taps: readonly [string, string];
};

function addLine(net: string, port: string): Line {
  const [wire, plug] = [`wire-${port}`, `plug-${port}`];
  mustRun('ip', ['-n', net, 'link', 'add', wire, 'type', 'veth', 'peer', plug]);
  mustRun('ip', ['-n', net, 'link', 'set', wire, 'up']);
  return { plug, taps: [addTap(net, port), addTap(net, wire)] };
}

/** @returns the file */
function addTap(net: string, device: string): string {
  const tap = `t-${device}`;
  mustRun('ip', ['-n', net, ...tapWords(device, tap)]);
  mustRun('ip', ['-n', net, 'link', 'set', tap, 'up']);
  // In the namespace, where /sys shows its interfaces. The one in /dev has a name that interfaces
  // of other namespaces may have too.
  const print = `cat /sys/class/net/${tap}/macvtap/tap*/dev`;
  const numbers = mustRun('ip', ['netns', 'exec', net, 'sh', '-c', print]);
  const file = join(tempDir(), tap);
  mustRun('mknod', [file, 'c', ...numbers.trim().split(':')]);
  return file;
}

function tapWords(device: string, tap: string): readonly string[] {
  return ['link', 'add', 'link', device, 'name', tap, 'type', 'macvtap', 'mode', 'passthru'];
}

async function startLines(
  net: string,
  taps: readonly (readonly string[])[],
  { delayMs, lossPercent }: LinkQuality,
): Promise<void> {
  const line = [process.execPath, linesMain, `${delayMs}`, `${lossPercent}`, ...taps.flat()];
  const child = spawn('ip', ['netns', 'exec', net, ...line], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // Reading a tap holds a thread until something comes; writes need some more.
    env: { ...process.env, UV_THREADPOOL_SIZE: String(2 * taps.length + 4) },
  });
  const exited = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const ended = exited.then(() => Promise.reject(new Error('the delay lines ended')));
  await Promise.race([once(child.stdout, 'data'), ended]);
}
