/**
 * A job's record on disk: the whole `StoredJob` as canonical CBOR. One document rather than a
 * column for each field, since no query looks inside; it is read back field by field, because a
 * file can hold anything.
 */

import { unreachable } from '../model/errors.ts';
import { digest, jobId, peerId } from '../model/ids.ts';
import {
  type Caught,
  type ChunkLimits,
  comparedBy,
  type Trust,
  type Contribution,
  type JobReport,
  type JobSpec,
  type JobState,
  type JobSteps,
  type Pieces,
} from '../model/job.ts';
import { type BlobRef, runtimes } from '../model/program.ts';
import type { Certificates, InputFile, MergeOutput, StoredJob, StoredOutput } from '../ports.ts';
import { decodeCanonical, encodeCanonical } from '../wire/canonical-cbor.ts';

const states: readonly JobState[] = ['running', 'merging', 'done', 'failed', 'cancelled', 'lost'];
const outputKinds: readonly MergeOutput['kind'][] = ['bytes', 'text', 'json'];

export function encodeStoredJob(job: StoredJob): Uint8Array {
  return encodeCanonical(job);
}

/** @throws {Error} naming the field that isn't what `encodeStoredJob` writes */
export function decodeStoredJob(bytes: Uint8Array): StoredJob {
  const record = new Fields(decodeCanonical(bytes), 'job');
  const report = record.optional('report');
  const output = record.optional('output');
  const failure = record.optionalText('failure');
  const data = record.optionalTexts('data');
  const certificates = record.optional('certificates');
  const files = record.has('files') ? record.list('files') : undefined;
  return {
    job: jobId(record.text('job')),
    spec: spec(record.fields('spec')),
    state: record.oneOf('state', states),
    ...(report && { report: reportOf(report) }),
    ...(failure !== undefined && { failure }),
    ...(output && { output: outputOf(output) }),
    ...(data && { data: data.map((blob) => digest(blob)) }),
    ...(certificates && { certificates: certificatesOf(certificates) }),
    ...(files && { files: files.map((file) => inputFile(file)) }),
    ...(record.has('isSplit') && { isSplit: true }),
    ...(record.has('isTrimmed') && { isTrimmed: true }),
  };
}

/**
 * A spec alone, in canonical CBOR.
 * @throws {Error} naming the field that is not what a spec has; its numbers may be any
 */
export function decodeSpec(bytes: Uint8Array): JobSpec {
  return spec(new Fields(decodeCanonical(bytes), 'spec'));
}

function spec(from: Fields): JobSpec {
  const setup = from.optional('setup');
  return {
    name: from.text('name'),
    runtime: from.oneOf('runtime', runtimes),
    program: digest(from.text('program')),
    programBytes: from.number('programBytes'),
    ...(setup && { setup: blobRef(setup) }),
    steps: steps(from.fields('steps')),
    params: from.bytes('params'),
    trust: trustOf(from.fields('trust')),
    // Of jobs that are older than the choice.
    comparison: from.has('comparison') ? from.oneOf('comparison', comparedBy) : 'digest',
    limits: limitsOf(from.fields('limits')),
    chunksMax: from.number('chunksMax'),
    requester: peerId(from.text('requester')),
    createdAtMs: from.number('createdAtMs'),
  };
}

function trustOf(from: Fields): Trust {
  const credibility = from.optional('credibility');
  return {
    quorum: from.number('quorum'),
    ...(credibility && {
      credibility: {
        errorRate: credibility.number('errorRate'),
        assumeFaulty: credibility.number('assumeFaulty'),
        identities: credibility.oneOf('identities', ['free', 'scarce']),
      },
    }),
  };
}

function blobRef(from: Fields): BlobRef {
  return { digest: digest(from.text('digest')), bytes: from.number('bytes') };
}

function steps(from: Fields): JobSteps {
  const type = from.oneOf('type', ['script', 'pieces']);
  return type === 'script'
    ? { type, script: digest(from.text('script')) }
    : { type, pieces: pieces(from.fields('pieces')) };
}

function pieces(from: Fields): Pieces {
  const type = from.oneOf('type', ['lines', 'bytes', 'range', 'files']);
  switch (type) {
    case 'lines':
      return { type, linesPerChunk: from.number('linesPerChunk') };
    case 'bytes':
      return { type, bytesPerChunk: from.number('bytesPerChunk') };
    case 'range': {
      const numbersPerChunk = from.number('numbersPerChunk');
      return { type, from: from.number('from'), to: from.number('to'), numbersPerChunk };
    }
    case 'files':
      return { type, names: from.texts('names') };
    default:
      return unreachable(type);
  }
}

function limitsOf(from: Fields): ChunkLimits {
  return {
    wallMsMax: from.number('wallMsMax'),
    memoryBytesMax: from.number('memoryBytesMax'),
    resultBytesMax: from.number('resultBytesMax'),
    stderrBytesMax: from.number('stderrBytesMax'),
  };
}

function inputFile(from: Fields): InputFile {
  return {
    path: from.text('path'),
    bytes: from.number('bytes'),
    modifiedMs: from.number('modifiedMs'),
  };
}

function outputOf(from: Fields): StoredOutput {
  const parts = from.optionalText('parts');
  return {
    kind: from.oneOf('kind', outputKinds),
    blob: digest(from.text('blob')),
    ...(parts !== undefined && { parts: digest(parts) }),
  };
}

function certificatesOf(from: Fields): Certificates {
  const inputs = from.optionalText('inputs');
  return {
    digests: digest(from.text('digests')),
    ...(inputs !== undefined && { inputs: digest(inputs) }),
  };
}

function reportOf(from: Fields): JobReport {
  return {
    chunks: from.number('chunks'),
    accepted: from.number('accepted'),
    disputes: from.number('disputes'),
    wallMs: from.number('wallMs'),
    contributions: from.list('contributions').map((item) => contribution(item)),
    caught: from.has('caught') ? from.mixed('caught').map((item) => caughtOf(item)) : [],
  };
}

/** Reports of before only named the peer. */
function caughtOf(from: string | Fields): Caught {
  if (typeof from === 'string') return { peer: peerId(from) };
  const expected = from.optionalText('expected');
  return {
    peer: peerId(from.text('peer')),
    ...(from.has('chunk') && { chunk: from.number('chunk') }),
    ...(from.has('digest') && { digest: digest(from.text('digest')) }),
    ...(expected !== undefined && { expected: digest(expected) }),
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
    ...(from.has('passed') && { passed: from.number('passed') }),
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

  has(name: string): boolean {
    return this.#fields.has(name);
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
    return this.#items(name).map((item, index) => {
      return new Fields(item, `${this.#where}.${name}[${index}]`);
    });
  }

  mixed(name: string): readonly (string | Fields)[] {
    return this.#items(name).map((item, index) => {
      return typeof item === 'string' ? item : new Fields(item, `${this.#where}.${name}[${index}]`);
    });
  }

  texts(name: string): readonly string[] {
    return this.#items(name).map((item) => {
      return typeof item === 'string' ? item : this.#fail(name, 'a list of texts');
    });
  }

  optionalTexts(name: string): readonly string[] | undefined {
    return this.#fields.has(name) ? this.texts(name) : undefined;
  }

  #items(name: string): readonly unknown[] {
    const value = this.#fields.get(name);
    return Array.isArray(value) ? value : this.#fail(name, 'a list');
  }

  #fail(name: string, expected: string): never {
    throw new Error(`${this.#where}.${name} is not ${expected}`);
  }
}
