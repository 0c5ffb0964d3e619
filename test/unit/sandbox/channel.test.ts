import { once } from 'node:events';
import { createServer, connect, type Socket } from 'node:net';
import { join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';

import {
  BadFrame,
  Channel,
  endsOf,
  FrameReader,
  frameSpans,
} from '../../../src/sandbox/channel.ts';
import { encodeCanonical } from '../../../src/wire/canonical-cbor.ts';
import { tempDir } from '../../support/temp-dir.ts';

function frame(head: unknown, body: Uint8Array = new Uint8Array(0)): Uint8Array {
  const encoded = encodeCanonical(head);
  return Buffer.concat([sizes(encoded.byteLength, body.byteLength), encoded, body]);
}

function sizes(headBytes: number, bodyBytes: number): Uint8Array {
  const prefix = new Uint8Array(8);
  new DataView(prefix.buffer).setUint32(0, headBytes, true);
  new DataView(prefix.buffer).setUint32(4, bodyBytes, true);
  return prefix;
}

describe('frames', () => {
  const sent = Buffer.concat([
    frame({ type: 'a' }),
    frame(1, Uint8Array.of(7, 8, 9)),
    frame('last', new Uint8Array(1)),
  ]);
  const frames = [
    { head: { type: 'a' }, body: new Uint8Array(0) },
    { head: 1, body: Uint8Array.of(7, 8, 9) },
    { head: 'last', body: new Uint8Array(1) },
  ];

  test.each([1, 2, 3, 7, 8, 9, 1000])('are found in pieces of %i bytes', (piece) => {
    const reader = new FrameReader();
    const found = [];
    for (let from = 0; from < sent.byteLength; from += piece) {
      found.push(...reader.push(sent.subarray(from, from + piece)));
    }
    expect(found).toEqual(frames);
  });

  test.each([
    ['too large a head', sizes(200_000, 0), /announced a frame of 200000 and 0 bytes/],
    ['too large a body', sizes(1, 40_000_000), /announced a frame of 1 and 40000000 bytes/],
    ['no head', sizes(0, 0), /head is no CBOR/],
    ['a head that is no CBOR', Buffer.concat([sizes(1, 0), Uint8Array.of(0xff)]), /no CBOR/],
    ['two heads', Buffer.concat([sizes(2, 0), Uint8Array.of(1, 1)]), /no CBOR/],
    ['a nest', Buffer.concat([sizes(1e5, 0), new Uint8Array(1e5).fill(0x81)]), /no CBOR/],
  ])('with %s are bad', (_what, bytes, reason) => {
    const reader = new FrameReader();
    expect(() => [...reader.push(bytes)]).toThrow(BadFrame);
    expect(() => [...new FrameReader().push(bytes)]).toThrow(reason);
  });
});

describe('items', () => {
  const MiB = 1024 * 1024;

  test.each([
    ['none', [], []],
    ['one', [5], [[0, 1]]],
    ['one of the largest size', [MiB + 8], [[0, 1]]],
    ['some', [1, 0, 1], [[0, 3]]],
    [
      'large ones',
      [MiB, MiB, MiB, MiB, MiB],
      [
        [0, 2],
        [2, 4],
        [4, 5],
      ],
    ],
    [
      'many',
      Array.from({ length: 1500 }, () => 0),
      [
        [0, 1024],
        [1024, 1500],
      ],
    ],
  ])('are put in frames: %s', (_what, itemSizes, spans) => {
    expect([...frameSpans(itemSizes)]).toEqual(spans);
  });

  test('end where the next one begins', () => {
    expect(endsOf([new Uint8Array(2), new Uint8Array(0), new Uint8Array(3)])).toEqual([2, 2, 5]);
  });
});

async function socketPair(): Promise<[Socket, Socket]> {
  const path = join(tempDir(), 's');
  const server = createServer().listen(path);
  await once(server, 'listening');
  const here = connect(path);
  const [there]: Socket[] = await once(server, 'connection');
  server.close();
  if (there === undefined) throw new Error('nobody connected');
  onTestFinished(() => void [here, there].map((socket) => socket.destroy()));
  return [here, there];
}

describe('a channel', () => {
  test('carries small and large bodies, and says when there is room for more', async () => {
    const [here, there] = await socketPair();
    const sender = new Channel(here, { onFrame: () => undefined, onEnd: () => undefined });
    const bodies = [[Uint8Array.of(1), Uint8Array.of(2)], [new Uint8Array(4_000_000).fill(3)]];
    const received = new Promise<unknown[]>((resolve) => {
      const frames: unknown[] = [];
      const receiver = new Channel(there, {
        onFrame: ({ head, body }) => {
          frames.push(head, body.byteLength, body[0]);
          if (frames.length < 6) return;
          receiver.close();
          resolve(frames);
        },
        onEnd: () => undefined,
      });
    });
    for (const [head, body] of bodies.entries()) sender.send({ head }, body);
    await sender.drained();
    expect(await received).toEqual([{ head: 0 }, 2, 1, { head: 1 }, 4_000_000, 3]);
  });

  test('whose other side goes ends without a reason, and whoever waits goes on', async () => {
    const [here, there] = await socketPair();
    const ended = Promise.withResolvers<string | undefined>();
    const sender = new Channel(here, { onFrame: () => undefined, onEnd: ended.resolve });
    sender.send({}, [new Uint8Array(4_000_000)]);
    const drained = sender.drained();
    there.destroy();
    expect(await ended.promise).toBeUndefined();
    await drained;
    sender.send({ after: 'the end' });
  });

  test('that is sent no frame ends with a reason, once, and gives nothing more', async () => {
    const [here, there] = await socketPair();
    const ended = Promise.withResolvers<string | undefined>();
    const heads: unknown[] = [];
    const onFrame = ({ head }: { head: unknown }): void => void heads.push(head);
    const receiver = new Channel(here, { onFrame, onEnd: ended.resolve });
    there.write(Buffer.concat([frame(1), sizes(2 ** 31, 0), frame(2)]));
    expect(await ended.promise).toMatch(/announced a frame/);
    receiver.close();
    expect(heads).toEqual([1]);
    expect(here.destroyed).toBe(true);
  });
});
