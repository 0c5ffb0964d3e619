import { expect, test } from 'vitest';

import type { AuditRecord } from '../../../src/model/audit.ts';
import { signAuditSeal } from '../../../src/wire/audit-codec.ts';
import {
  type AuditEvent,
  auditFirstLine,
  AuditFrames,
  readAuditFrames,
} from '../../../src/wire/audit-frames.ts';
import { inPieces } from '../../support/audit-samples.ts';
import { plain, someDigest, someJob, someKey } from '../../support/wire-samples.ts';

const key = someKey();
const header: AuditRecord = { type: 'header', job: someJob, spec: Buffer.alloc(300), chunks: 2 };
const blob: AuditRecord = {
  type: 'blob',
  digest: someDigest,
  piece: Buffer.alloc(200_000, 7),
  isLast: true,
};

function written(): { readonly bytes: Buffer; readonly frames: AuditFrames } {
  const frames = new AuditFrames();
  const head = [auditFirstLine, frames.add(header), frames.add(blob)];
  const signed = signAuditSeal(someJob, frames.seal, key, key.privateKey);
  return { bytes: Buffer.concat([...head, frames.add({ type: 'seal', signed })]), frames };
}

const { bytes } = written();

async function eventsOf(all: Buffer, pieceBytes?: number): Promise<AuditEvent[]> {
  return Array.fromAsync(readAuditFrames(inPieces(all, pieceBytes)));
}

test.each([1, 7, 4096, 10_000_000])(
  'records come out of pieces of %i bytes',
  async (pieceBytes) => {
    const sealedFrames = new AuditFrames();
    sealedFrames.add(header);
    sealedFrames.add(blob);
    const events = await eventsOf(bytes, pieceBytes);
    expect(plain(events.slice(0, 2))).toEqual(
      plain([
        { type: 'record', number: 1, record: header },
        { type: 'record', number: 2, record: blob },
      ]),
    );
    expect(events.slice(2)).toEqual([
      { type: 'seal', signed: expect.anything(), before: sealedFrames.seal },
    ]);
  },
);

test('a record that can not be read is told of, and the next one is read', async () => {
  const broken = Buffer.concat([auditFirstLine, Buffer.of(2, 0xff, 0xff)]);
  const rest = bytes.subarray(auditFirstLine.length);
  const types = (await eventsOf(Buffer.concat([broken, rest]))).map(({ type }) => type);
  expect(types).toEqual(['unreadable', 'record', 'record', 'seal']);
});

test('a length that can not be true ends it', async () => {
  const huge = Buffer.concat([auditFirstLine, Buffer.from('ffffffff0f00', 'hex')]);
  expect(await eventsOf(huge)).toEqual([
    { type: 'broken-off', number: 1, reason: 'what should be its length is none' },
  ]);
});

test('a seal that is written in another way is not one', async () => {
  const events = await eventsOf(bytes);
  expect(events.at(-1)?.type).toBe('seal');
  // The length of the seal in one byte more than it takes.
  const start = bytes.length - lengthOfSeal() - 2;
  const long = Buffer.from([bytes[start] ?? 0, (bytes[start + 1] ?? 0) | 0x80, 0]);
  const padded = Buffer.concat([bytes.subarray(0, start), long, bytes.subarray(start + 2)]);
  expect((await eventsOf(padded)).at(-1)?.type).toBe('unreadable');
});

function lengthOfSeal(): number {
  const frames = new AuditFrames();
  frames.add(header);
  frames.add(blob);
  const before = auditFirstLine.length + framesBytes();
  return bytes.length - before - 2;
}

function framesBytes(): number {
  const frames = new AuditFrames();
  return frames.add(header).length + frames.add(blob).length;
}

test('what does not begin as an audit file is none', async () => {
  await expect(eventsOf(Buffer.from('manyhands audit 2\n'))).rejects.toThrow('does not begin');
  await expect(eventsOf(Buffer.alloc(0))).rejects.toThrow('does not begin');
});
