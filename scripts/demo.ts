/**
 * `npm start`: a whole grid on one machine. Three peers as three processes on loopback, a job
 * submitted to one of them by the command line as anybody would, and the answer, which is known.
 * Nothing is left behind.
 */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { styleText } from 'node:util';

/** Primes up to 10^9 (OEIS A006880). */
const LIMIT = 1_000_000_000;
const ANSWER = '50847534';

const manyhands = fileURLToPath(new URL('../bin/manyhands.js', import.meta.url));

const children = new Set<ChildProcess>();
const folder = await mkdtemp(join(tmpdir(), 'manyhands-demo-'));
let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    interrupted = true;
    for (const child of children) child.kill();
  });
}

let succeeded = false;
try {
  succeeded = await demo();
} catch (error) {
  if (!interrupted) say(error instanceof Error ? error.message : String(error));
} finally {
  await Promise.all([...children].map(ended));
  await rm(folder, { recursive: true, force: true });
}
process.exitCode = succeeded ? 0 : interrupted ? 130 : 1;

async function demo(): Promise<boolean> {
  say("Three peers in three processes, and no server. Nobody's word is taken.\n");
  const first = await startPeer('ada', []);
  await Promise.all([startPeer('ben', ['--peer', first]), startPeer('cyd', ['--peer', first])]);
  const job = ['primes', `to=${LIMIT}`];
  say(`\n$ manyhands submit ${job.join(' ')}\n`);
  const submit = run(['--data', dataOf('ada'), 'submit', ...job], ['ignore', 'pipe', 'inherit']);
  let output = '';
  submit.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    process.stdout.write(text);
  });
  const [code] = await once(submit, 'close');
  if (code !== 0) throw new Error(`The job ended with exit code ${String(code)}.`);
  const right = output.includes(ANSWER);
  say(
    right
      ? `\n${styleText('green', 'Right:')} there are ${ANSWER} primes up to 10^9 (OEIS A006880).`
      : `\n${styleText('red', 'Wrong:')} expected ${ANSWER}.`,
  );
  return right;
}

/** @returns the address at which the peer can be joined, once it is up */
async function startPeer(name: string, options: readonly string[]): Promise<string> {
  const listen = ['--listen', '127.0.0.1:0', '--slots', '1', '--log-level', 'warn'];
  const peer = run(
    ['join', '--json', '--data', dataOf(name), ...listen, ...options],
    ['ignore', 'pipe', 'inherit'],
  );
  if (peer.stdout === null) throw new Error('A peer has no output.');
  for await (const line of createInterface(peer.stdout)) {
    const up: unknown = JSON.parse(line);
    const address = addressIn(up);
    say(`peer ${name} is up at ${address}`);
    return address;
  }
  throw new Error(`Peer ${name} ended before it was up.`);
}

function addressIn(up: unknown): string {
  if (typeof up === 'object' && up !== null && 'addresses' in up && Array.isArray(up.addresses)) {
    const [address] = up.addresses;
    if (typeof address === 'string') return address;
  }
  throw new Error('A peer did not say where it listens.');
}

function run(args: readonly string[], stdio: ['ignore', 'pipe', 'inherit']): ChildProcess {
  const child = spawn(process.execPath, [manyhands, ...args], { stdio });
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

async function ended(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill();
  await exit;
}

function dataOf(name: string): string {
  return join(folder, name);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
