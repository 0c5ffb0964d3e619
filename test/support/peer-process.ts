/**
 * Peers as a user runs them: processes of their own, started by the launcher, spoken to by gRPC.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { connectControl, type ControlClient } from '../../src/transport/control-client.ts';
import { builtPath } from './built-path.ts';

export const launcher = builtPath('bin/manyhands.js');
const dying = builtPath('test/support/dying-peer-process.ts');
const saboteur = builtPath('test/support/saboteur-process.ts');

export type PeerProcess = {
  readonly peer: string;
  readonly address: string;
  readonly dataPath: string;
  readonly process: ChildProcess;
  readonly control: ControlClient;
  /** All that it wrote to its log so far. */
  readonly log: string;
  /** The first log line that fits, past or to come. */
  logged(pattern: RegExp): Promise<string>;
  /** Kills it if it still runs. */
  end(): Promise<void>;
};

export type PeerProcessOptions = {
  readonly dataPath: string;
  /** Whom to join through. */
  readonly through?: readonly PeerProcess[];
  readonly slots?: number;
  /** The command of another build. */
  readonly launcher?: string;
  readonly args?: readonly string[];
  /** Share of chunks for which it returns wrong results; absent for an honest peer. */
  readonly lieRate?: number;
  /** So many of its results are right all the same, the first ones. */
  readonly honestFirst?: number;
  /** Its wrong results are its own, where other liars agree on theirs. */
  readonly liesAlone?: boolean;
  /** What it adds to results, which are numbers, in the place of telling plain lies. */
  readonly adds?: number;
  /** Where it dies while it writes to its journal, and at which time that it comes there. */
  readonly diesAt?: readonly [point: string, times: number];
  /** A command that becomes the peer, given the peer's command line as its last arguments. */
  readonly wrapper?: readonly string[];
  /** Where the data folder is seen from here, when the peer lives in a mount namespace. */
  readonly seenAt?: (pid: number) => string;
};

export async function spawnPeer(options: PeerProcessOptions): Promise<PeerProcess> {
  const { dataPath, slots = 1, args = [], wrapper = [], seenAt } = options;
  const joined = options.through?.flatMap(({ address }) => ['--peer', address]) ?? [];
  const listening = ['--data', dataPath, '--listen', '127.0.0.1:0', '--slots', String(slots)];
  const line = [...wrapper, process.execPath, ...programOf(options), 'join', '--json'];
  const [command = '', ...words] = line.concat(listening, '--log-format', 'json', joined, args);
  const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  const log = new Lines(child);
  const [about] = await Promise.race([
    once(createInterface(child.stdout), 'line'),
    exited.then(() => Promise.reject(new Error(`the peer ended: ${log.all}`))),
  ]);
  const up = record(JSON.parse(String(about)));
  const [address] = Array.isArray(up['addresses']) ? up['addresses'] : [];
  const reachable = seenAt?.(child.pid ?? 0) ?? dataPath;
  const control = await connectControl(join(reachable, 'control.sock')).catch(async (error) => {
    // Else who tries it on the same folder again finds it in use.
    child.kill('SIGKILL');
    await exited;
    throw error;
  });
  return {
    peer: String(up['peer']),
    address: String(address),
    dataPath: reachable,
    process: child,
    control,
    get log() {
      return log.all;
    },
    logged: (pattern) => log.first(pattern),
    async end() {
      control.close();
      child.kill('SIGKILL');
      await exited;
    },
  };
}

function programOf(options: PeerProcessOptions): string[] {
  const { lieRate, liesAlone, honestFirst = 0, adds } = options;
  const { diesAt } = options;
  if (diesAt !== undefined) return [dying, ...diesAt.map(String)];
  if (lieRate === undefined) return [options.launcher ?? launcher];
  const alone = liesAlone === true ? ['--lies-alone'] : [];
  const added = adds === undefined ? [] : [`--adds=${adds}`];
  return [saboteur, String(lieRate), ...alone, ...added, '--honest-first', String(honestFirst)];
}

export function record(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new Error(`no object: ${String(value)}`);
  return { ...value };
}

/** What a process writes to its log, line by line. */
class Lines {
  readonly #lines: string[] = [];
  readonly #child: ChildProcess;

  constructor(child: ChildProcess) {
    this.#child = child;
    if (child.stderr === null) throw new Error('the peer has no log');
    createInterface(child.stderr).on('line', (line) => {
      this.#lines.push(line);
      child.emit('log-line');
    });
  }

  get all(): string {
    return this.#lines.join('\n');
  }

  async first(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = this.#lines.find((line) => pattern.test(line));
      if (found !== undefined) return found;
      await once(this.#child, 'log-line');
    }
  }
}
