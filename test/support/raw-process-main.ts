/**
 * Stands in for the main module of the sandbox's process, with all that this process may and may
 * not. It runs code as it comes over the channel, in its main thread or in threads of the
 * sandbox's making, without a compartment around it.
 */

import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { inspect } from 'node:util';

import { channelFd } from '../../src/sandbox/channel.ts';
import type { RawRequest } from './raw-process.ts';
import { runRaw, type RawOutcome } from './raw-thread.ts';

const socket = new Socket({ fd: channelFd });

// Attacks that throw later must not end the process that has to tell of them.
process.on('uncaughtException', () => {});

createInterface(socket).on('line', (line) => {
  const request: RawRequest = JSON.parse(line);
  void outcomeOf(request).then((outcome) => socket.write(`${JSON.stringify(outcome)}\n`));
});
socket.on('close', () => process.exit());

async function outcomeOf({ where, code }: RawRequest): Promise<RawOutcome> {
  if (where !== 'main') return runRaw(code, where);
  try {
    // oxlint-disable-next-line no-eval
    const value: unknown = await (0, eval)(`(async () => {${code}\n})()`);
    return { value: String(value) };
  } catch (error) {
    const known = error instanceof Error && 'code' in error ? error.code : undefined;
    return { threw: typeof known === 'string' ? known : inspect(error) };
  }
}
