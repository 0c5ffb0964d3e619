/**
 * What a sandbox's process might be turned into by a program that got hold of it, or run down to
 * by a machine in trouble. Started in its place, it is honest until a chunk's input is a word that
 * it acts upon:
 *
 *     node fake-process.ts [file]
 *
 * With a file, it misbehaves once: it leaves the file behind, and whoever finds it there is the
 * real process.
 */

import { existsSync, writeFileSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';

import { limits } from '../../src/model/limits.ts';
import { decodeCanonical, encodeCanonical } from '../../src/wire/canonical-cbor.ts';
import { unpack } from '../../src/wire/packed.ts';
import { Channel, channelFd } from '../../src/sandbox/channel.ts';
import type { ToProcess } from '../../src/sandbox/process-messages.ts';
import { isRecord } from '../../src/sandbox/shapes.ts';

const [, , once] = process.argv;
if (once !== undefined && existsSync(once)) {
  await import('../../src/sandbox/sandbox-process.ts');
} else {
  if (once !== undefined) writeFileSync(once, '');
  await pretend();
}

async function pretend(): Promise<void> {
  const socket = new Socket({ fd: channelFd });
  const channel = new Channel(socket, {
    onFrame: ({ head, body }) => {
      if (isMessage(head)) act(channel, socket, head, body);
    },
    onEnd: () => process.exit(),
  });
  channel.send({ type: 'ready' });
}

function isMessage(head: unknown): head is ToProcess {
  return isRecord(head);
}

let misses = 0;

function act(channel: Channel, socket: Socket, message: ToProcess, body: Uint8Array): void {
  switch (message.type) {
    case 'ping':
      return channel.send({ type: 'pong', id: message.id, memoryBytes: 1 });
    case 'load':
      if (message.program.key.endsWith('deadly')) process.exit(7);
      return;
    case 'piece':
      return channel.send({ type: 'loaded', id: message.id, exports: [] });
    case 'inputs': {
      const { id } = message;
      const inputs = unpack({ bytes: body, ends: Uint32Array.from(message.ends) });
      const words = inputs.map((input) => String(decodeCanonical(input)));
      for (const word of words) misbehave[word]?.(channel, socket, id);
      if (words.includes('silence')) return;
      if (words.some((word) => word === 'forgotten' || (word === 'missed' && misses++ === 0))) {
        return channel.send({ type: 'program-missing', id });
      }
      return outcomes(
        channel,
        id,
        words.map((word) => encodeCanonical(`${word}!`)),
      );
    }
    default:
  }
}

function outcomes(channel: Channel, id: number, values: readonly Uint8Array[]): void {
  let end = 0;
  const ends = values.map((value) => (end += value.byteLength));
  const numbers = values.map(() => 0);
  channel.send({ type: 'outcomes', id, kinds: numbers, computeMs: numbers, ends }, values);
}

const stderrFd = 2;
const MiB = 1024 * 1024;
/** So that a test that fails takes no machine down. */
const hoardBytesMax = 2048 * MiB;

type Misbehaviour = (channel: Channel, socket: Socket, id: number) => void;

const misbehave: { readonly [word: string]: Misbehaviour | undefined } = {
  exit: () => process.exit(7),
  abort: () => {
    writeSync(stderrFd, 'FATAL ERROR: Reached heap limit - JavaScript heap out of memory\n');
    process.abort();
  },
  hoard: () => {
    const hoard: Uint8Array[] = [];
    while (hoard.length * 16 * MiB < hoardBytesMax) hoard.push(new Uint8Array(16 * MiB).fill(1));
    // Long enough to be seen.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10_000);
  },
  hang: () => {
    for (;;);
  },
  'flood its error stream': () => {
    for (;;) writeSync(stderrFd, 'x'.repeat(64 * 1024));
  },
  'close its channel': (_channel, socket) => socket.destroy(),
  'send garbage': (_channel, socket) => {
    socket.write(new Uint8Array(1000).fill(0x41));
  },
  'send a head that is no CBOR': (_channel, socket) => {
    socket.write(Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0xff));
  },
  'announce 4 GiB': (_channel, socket) => {
    socket.write(new Uint8Array(8).fill(0xff));
  },
  'nest deeply': (_channel, socket) => {
    const head = new Uint8Array(100_000).fill(0x81);
    const prefix = new Uint8Array(8);
    new DataView(prefix.buffer).setUint32(0, head.byteLength, true);
    socket.write(prefix);
    socket.write(head);
  },
  'send an unknown message': (channel) => channel.send({ type: 'NODE_HANDLE', id: 1 }),
  'answer what was not asked': (channel) => channel.send({ type: 'loaded', id: 999, exports: [] }),
  'answer a run as if it were a load': (channel, _socket, id) =>
    channel.send({ type: 'loaded', id, exports: [] }),
  'be ready twice': (channel) => channel.send({ type: 'ready' }),
  'send too many outcomes': (channel, _socket, id) =>
    outcomes(
      channel,
      id,
      Array.from({ length: 1000 }, () => encodeCanonical('forged')),
    ),
  'send no outcomes, again and again': (channel, _socket, id) => outcomes(channel, id, []),
  'send too large a result': (channel, _socket, id) =>
    outcomes(channel, id, [new Uint8Array(limits.resultBytesMax + 1)]),
};
