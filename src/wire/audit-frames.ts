/**
 * An audit file as bytes: its first line, and records after their lengths. Both ways it is a
 * stream, so that the file of a job of any size is written and read in little memory.
 *
 * What is read may be anything. A record that can't be read is told of, and the next one is tried;
 * only a length that can't be true ends the reading, since nobody knows what is behind it.
 */

import { createHash, type Hash, hash } from 'node:crypto';

import type { AuditRecord, AuditSeal } from '../model/audit.ts';
import { digest } from '../model/ids.ts';
import type { Signed } from '../model/signed.ts';
import { auditRecordBytesMax, decodeAuditRecord, encodeAuditRecord } from './audit-codec.ts';
import { Violation } from './bounds.ts';

export const auditFirstLine = Buffer.from('manyhands audit 1\n', 'ascii');

const noDigest = digest('0'.repeat(64));
/** Of a varint of 28 bits, beyond any length that is allowed. */
const LENGTH_BYTES_MAX = 4;

/** Counts and hashes what is written, for the seal at the end. */
export class AuditFrames {
  readonly #hash: Hash = createHash('sha256').update(auditFirstLine);
  #records = 0;
  #header = noDigest;

  add(record: AuditRecord): Buffer {
    const bytes = encodeAuditRecord(record);
    if (record.type === 'header') this.#header = digest(hash('sha256', bytes, 'hex'));
    this.#records += 1;
    const frame = Buffer.concat([varint(bytes.length), bytes]);
    this.#hash.update(frame);
    return frame;
  }

  /** Of all that was added. */
  get seal(): AuditSeal {
    const whole = digest(this.#hash.copy().digest('hex'));
    return { records: this.#records, digest: whole, header: this.#header };
  }
}

export type AuditEvent =
  | { readonly type: 'record'; readonly number: number; readonly record: UnsealedRecord }
  /** @property before what the seal must say */
  | { readonly type: 'seal'; readonly signed: Signed; readonly before: AuditSeal }
  /** One record, in the midst of others. */
  | { readonly type: 'unreadable'; readonly number: number; readonly reason: string }
  /** Nothing is read any more. */
  | { readonly type: 'broken-off'; readonly number: number; readonly reason: string }
  /** Bytes behind the seal. */
  | { readonly type: 'trailing' };

type UnsealedRecord = Exclude<AuditRecord, { type: 'seal' }>;

/** Records are numbered from 1. @throws {Violation} for what does not begin as an audit file */
export async function* readAuditFrames(
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<AuditEvent> {
  const source = new Source(pieces);
  const line = await source.take(auditFirstLine.length);
  if (line === undefined || !line.equals(auditFirstLine)) {
    throw new Violation(`it does not begin with "${auditFirstLine.toString().trim()}"`);
  }
  const frames = new ReadFrames();
  for (;;) {
    const head = await source.length();
    if (head === undefined) return;
    const bytes = head.length > auditRecordBytesMax ? undefined : await source.take(head.length);
    if (bytes === undefined) {
      const reason =
        head.length > auditRecordBytesMax
          ? 'what should be its length is none'
          : 'the file ends in the middle of it';
      yield { type: 'broken-off', number: frames.next, reason };
      return;
    }
    const event = frames.read(head.bytes, bytes);
    yield event;
    if (event.type !== 'seal') continue;
    if (!(await source.isAtEnd())) yield { type: 'trailing' };
    return;
  }
}

/** The counterpart of `AuditFrames`. */
class ReadFrames {
  readonly #hash: Hash = createHash('sha256').update(auditFirstLine);
  #records = 0;
  #header = noDigest;

  get next(): number {
    return this.#records + 1;
  }

  read(head: Uint8Array, bytes: Buffer): AuditEvent {
    try {
      const record = decodeAuditRecord(bytes);
      if (record.type === 'header') this.#header = digest(hash('sha256', bytes, 'hex'));
      if (record.type === 'seal') return this.#seal(record.signed, head, bytes);
      return { type: 'record', number: this.next, record };
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      return { type: 'unreadable', number: this.next, reason: error.message };
    } finally {
      this.#hash.update(head).update(bytes);
      this.#records += 1;
    }
  }

  /** Its own bytes are not under any signature: they must be the only ones that say this. */
  #seal(signed: Signed, head: Uint8Array, bytes: Buffer): AuditEvent {
    const plain = encodeAuditRecord({ type: 'seal', signed });
    if (!plain.equals(bytes) || !varint(bytes.length).equals(head)) {
      throw new Violation('the seal is not written as seals are');
    }
    const whole = digest(this.#hash.copy().digest('hex'));
    const before = { records: this.#records, digest: whole, header: this.#header };
    return { type: 'seal', signed, before };
  }
}

/** Bytes by the number, from pieces as they come. */
class Source {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** Undefined when fewer are left. */
  async take(count: number): Promise<Buffer | undefined> {
    if (!(await this.#fill(count))) return undefined;
    const taken = this.#rest.subarray(0, count);
    this.#rest = this.#rest.subarray(count);
    return taken;
  }

  /** Undefined at the end. One that is none is infinite. */
  async length(): Promise<{ readonly bytes: Uint8Array; readonly length: number } | undefined> {
    if (!(await this.#fill(1))) return undefined;
    let length = 0;
    for (let count = 1; count <= LENGTH_BYTES_MAX; count += 1) {
      if (!(await this.#fill(count))) break;
      const byte = this.#rest[count - 1] ?? 0;
      length += (byte & 0x7f) * 128 ** (count - 1);
      if (byte < 0x80) return { bytes: (await this.take(count)) ?? this.#rest, length };
    }
    return { bytes: this.#rest, length: Infinity };
  }

  async isAtEnd(): Promise<boolean> {
    return !(await this.#fill(1));
  }

  async #fill(count: number): Promise<boolean> {
    if (this.#rest.length >= count) return true;
    const held = [this.#rest];
    let bytes = this.#rest.length;
    while (bytes < count) {
      const next = await this.#pieces.next();
      if (next.done === true) break;
      held.push(Buffer.from(next.value));
      bytes += next.value.length;
    }
    this.#rest = Buffer.concat(held);
    return bytes >= count;
  }
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}
