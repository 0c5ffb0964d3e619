/**
 * A job's record on disk: the whole `StoredJob` as canonical CBOR. One document rather than a
 * column for each field, since no query looks inside; it is read back field by field, because a
 * file can hold anything.
 */

import { digest, jobId, peerId } from '../model/ids.ts';
import type { Contribution, JobReport, JobSpec, JobState } from '../model/job.ts';
import type { MergeOutput, StoredJob } from '../ports.ts';
import { decodeCanonical, encodeCanonical } from '../wire/canonical-cbor.ts';

const states: readonly JobState[] = ['running', 'merging', 'done', 'failed', 'cancelled', 'lost'];
const outputKinds: readonly MergeOutput['kind'][] = ['bytes', 'text', 'json'];
const runtimes: readonly JobSpec['runtime'][] = ['javascript'];

export function encodeStoredJob(job: StoredJob): Uint8Array {
  return encodeCanonical(job);
}

/** @throws {Error} naming the field that isn't what `encodeStoredJob` writes */
export function decodeStoredJob(bytes: Uint8Array): StoredJob {
  const record = new Fields(decodeCanonical(bytes), 'job');
  const report = record.optional('report');
  const output = record.optional('output');
  const failure = record.optionalText('failure');
  return {
    job: jobId(record.text('job')),
    spec: spec(record.fields('spec')),
    state: record.oneOf('state', states),
    ...(report && { report: reportOf(report) }),
    ...(failure !== undefined && { failure }),
    ...(output && {
      output: { kind: output.oneOf('kind', outputKinds), blob: digest(output.text('blob')) },
    }),
  };
}

function spec(from: Fields): JobSpec {
  const limits = from.fields('limits');
  return {
    name: from.text('name'),
    runtime: from.oneOf('runtime', runtimes),
    program: digest(from.text('program')),
    programBytes: from.number('programBytes'),
    params: from.bytes('params'),
    trust: { quorum: from.fields('trust').number('quorum') },
    limits: {
      wallMsMax: limits.number('wallMsMax'),
      memoryBytesMax: limits.number('memoryBytesMax'),
      resultBytesMax: limits.number('resultBytesMax'),
    },
    chunksMax: from.number('chunksMax'),
    requester: peerId(from.text('requester')),
    createdAtMs: from.number('createdAtMs'),
  };
}

function reportOf(from: Fields): JobReport {
  return {
    chunks: from.number('chunks'),
    accepted: from.number('accepted'),
    disputes: from.number('disputes'),
    wallMs: from.number('wallMs'),
    contributions: from.list('contributions').map((item) => contribution(item)),
  };
}

function contribution(from: Fields): Contribution {
  return {
    peer: peerId(from.text('peer')),
    leased: from.number('leased'),
    returned: from.number('returned'),
    accepted: from.number('accepted'),
    lost: from.number('lost'),
    late: from.number('late'),
    failed: from.number('failed'),
    expired: from.number('expired'),
    computeSeconds: from.number('computeSeconds'),
  };
}

/** A decoded map whose fields are checked as they are read. */
class Fields {
  readonly #fields: ReadonlyMap<string, unknown>;
  readonly #where: string;

  constructor(value: unknown, where: string) {
    if (typeof value !== 'object' || value === null) throw new Error(`${where} is not a map`);
    this.#fields = new Map(Object.entries(value));
    this.#where = where;
  }

  number(name: string): number {
    const value = this.#fields.get(name);
    return typeof value === 'number' ? value : this.#fail(name, 'a number');
  }

  text(name: string): string {
    const value = this.#fields.get(name);
    return typeof value === 'string' ? value : this.#fail(name, 'a text');
  }

  optionalText(name: string): string | undefined {
    return this.#fields.has(name) ? this.text(name) : undefined;
  }

  bytes(name: string): Uint8Array {
    const value = this.#fields.get(name);
    return value instanceof Uint8Array ? value : this.#fail(name, 'bytes');
  }

  oneOf<Value extends string>(name: string, values: readonly Value[]): Value {
    const text = this.text(name);
    return (
      values.find((value) => value === text) ?? this.#fail(name, `one of ${values.join(', ')}`)
    );
  }

  fields(name: string): Fields {
    return new Fields(this.#fields.get(name), `${this.#where}.${name}`);
  }

  optional(name: string): Fields | undefined {
    return this.#fields.has(name) ? this.fields(name) : undefined;
  }

  list(name: string): readonly Fields[] {
    const value = this.#fields.get(name);
    if (!Array.isArray(value)) return this.#fail(name, 'a list');
    return value.map((item: unknown, index) => {
      return new Fields(item, `${this.#where}.${name}[${index}]`);
    });
  }

  #fail(name: string, expected: string): never {
    throw new Error(`${this.#where}.${name} is not ${expected}`);
  }
}
