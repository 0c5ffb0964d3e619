/**
 * Hosts that a test makes: network namespaces, each with an address of its own, on two switches
 * (bridges in one more namespace) with a trunk between them. What a host sends is late and now and
 * then lost. With the trunk down the two sides are cut apart, and each still has its own switch.
 *
 *     host 1 --+                          +-- host 4
 *     host 2 --+-- switch 1 == switch 2 --+
 *     host 3 --+          trunk           +-- host 5
 *
 * Nothing of it touches the machine's own network. It ends with the test, and what a run left
 * behind that was killed is removed by the next one.
 */

import { onTestFinished, type TestContext } from 'vitest';

import { delayLinks, type LinkQuality, whyNoDelays } from './link-delays.ts';
import { isRunning, kill } from './processes.ts';
import { mustRun, runTool } from './tools.ts';

export type Host = {
  readonly address: string;
  /** A command that runs another one on this host, given as its last arguments. */
  readonly wrapper: readonly string[];
};

export type Hosts = {
  /** Those on either end of the trunk. */
  readonly sides: readonly [readonly Host[], readonly Host[]];
  readonly cut: () => void;
  readonly heal: () => void;
};

type PlannedHost = Host & { readonly namespace: string; readonly side: number };

const prefix = 'manyhands-';
const switches = ['switch1', 'switch2'] as const;
/** Its ends are on the two switches. */
const trunk = ['trunk1', 'trunk2'] as const;

/**
 * Skips the test, with the reason, where the machine allows no such thing.
 * @param counts hosts on each side
 */
export async function startHosts(
  ctx: TestContext,
  counts: readonly [number, number],
  quality: LinkQuality,
): Promise<Hosts> {
  onTestFinished(() => removeNamespaces((pid) => pid === process.pid));
  removeNamespaces((pid) => !isRunning(pid));
  const net = namespaceOf('net');
  const missing = whyNoSwitches(net) ?? whyNoDelays(net, trunk[0]);
  if (missing !== undefined) {
    const reason = `no hosts can be made here: ${missing}`;
    console.warn(`${ctx.task.name}: skipped, ${reason}`);
    ctx.skip(reason);
  }
  const hosts = planHosts(counts);
  const links = hosts.map(({ namespace, address }, index) => {
    const port = `port${index + 1}`;
    ip('netns', 'add', namespace);
    on(namespace, 'link', 'set', 'lo', 'up');
    ip('link', 'add', 'eth0', 'netns', namespace, 'type', 'veth', 'peer', port, 'netns', net);
    on(namespace, 'addr', 'add', `${address}/24`, 'dev', 'eth0');
    on(namespace, 'link', 'set', 'eth0', 'up');
    on(net, 'link', 'set', port, 'up');
    return { host: namespace, port };
  });
  const ports = await delayLinks(net, links, quality);
  hosts.forEach(({ side }, index) => plug(net, ports[index] ?? '', side));
  trunk.forEach((end, side) => plug(net, end, side));
  const setTrunk = (state: 'up' | 'down') => (): void => on(net, 'link', 'set', trunk[0], state);
  const onSide = (which: number): Host[] => hosts.filter(({ side }) => side === which);
  return { sides: [onSide(0), onSide(1)], cut: setTrunk('down'), heal: setTrunk('up') };
}

/** Makes the namespace with the switches and the trunk. @returns what there is not */
function whyNoSwitches(net: string): string | undefined {
  const added = runTool('ip', ['netns', 'add', net]);
  if (added === undefined) return "ip is not installed; it is in Debian's package iproute2";
  if (added.status !== 0) return `no network namespace can be made: ${added.stderr.trim()}`;
  const [left, right] = trunk;
  for (const [what, words] of [
    ['command can be run in a namespace', ['netns', 'exec', net, 'true']],
    ['bridge can be made', ['-n', net, 'link', 'add', switches[0], 'type', 'bridge']],
    ['bridge can be made', ['-n', net, 'link', 'add', switches[1], 'type', 'bridge']],
    ['cable can be made', ['-n', net, 'link', 'add', left, 'type', 'veth', 'peer', right]],
  ] as const) {
    const tried = runTool('ip', words);
    if (tried?.status !== 0) return `no ${what}: ${tried?.stderr.trim()}`;
  }
  for (const each of switches) on(net, 'link', 'set', each, 'up');
  return undefined;
}

function plug(net: string, port: string, side: number): void {
  on(net, 'link', 'set', port, 'master', switches[side] ?? '', 'up');
}

/** Addresses are numbered through, over both sides. */
function planHosts(counts: readonly number[]): readonly PlannedHost[] {
  const sides = counts.flatMap((count, side) => Array.from({ length: count }, () => side));
  return sides.map((side, index) => {
    const namespace = namespaceOf(`host${index + 1}`);
    const wrapper = ['ip', 'netns', 'exec', namespace];
    return { namespace, side, wrapper, address: `10.77.0.${index + 1}` };
  });
}

function namespaceOf(what: string): string {
  return `${prefix}${process.pid}-${what}`;
}

/** @param belongs whether to a process with that id */
function removeNamespaces(belongs: (pid: number) => boolean): void {
  const listed = runTool('ip', ['netns', 'list'])?.stdout.split('\n') ?? [];
  for (const line of listed) {
    const [namespace = ''] = line.split(' ');
    const [, pid] = /^manyhands-(\d+)-/.exec(namespace) ?? [];
    if (pid === undefined || !belongs(Number(pid))) continue;
    // Peers of a run that was killed; those of this one have ended by now.
    for (const left of runTool('ip', ['netns', 'pids', namespace])?.stdout.split('\n') ?? []) {
      if (left !== '') kill(Number(left));
    }
    ip('netns', 'del', namespace);
  }
}

function on(namespace: string, ...words: readonly string[]): void {
  ip('-n', namespace, ...words);
}

function ip(...words: readonly string[]): void {
  mustRun('ip', words);
}
