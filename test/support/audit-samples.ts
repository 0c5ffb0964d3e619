/** A small job with all that was signed of it, to be audited: right, or changed by a test. */

import type { AuditHeader, AuditPeer, AuditRecord } from '../../src/model/audit.ts';
import type { Digest, JobId } from '../../src/model/ids.ts';
import { jobId } from '../../src/model/ids.ts';
import type { JobSpec, Trust } from '../../src/model/job.ts';
import type { Signed } from '../../src/model/signed.ts';
import { checkAudit, type AuditVerdict } from '../../src/runtime/audit-check.ts';
import { encodeKeptInputs } from '../../src/runtime/kept-inputs.ts';
import { signAuditSeal } from '../../src/wire/audit-codec.ts';
import { auditFirstLine, AuditFrames } from '../../src/wire/audit-frames.ts';
import { encodeCanonical } from '../../src/wire/canonical-cbor.ts';
import { digestOf } from '../../src/wire/digest.ts';
import { pack } from '../../src/wire/packed.ts';
import { signStatements } from '../../src/wire/statement-codec.ts';
import { workDigests } from '../../src/wire/work-digest.ts';
import { storedJob } from './stored-jobs.ts';
import { type KeyPair, someKey } from './wire-samples.ts';

export const program = Buffer.from('export function compute() {}');
export const chunksCount = 4;

export const requester = someKey();
export const bea = someKey();
export const cem = someKey();

export function specWith(
  trust: Trust,
  comparison: JobSpec['comparison'] = 'digest',
  source: Uint8Array = program,
): JobSpec {
  const { spec } = storedJob('audited', 'done');
  const { peer } = requester;
  return { ...spec, program: digestOf(source), trust, comparison, requester: peer };
}

export const inputOf = (chunk: number): Uint8Array => encodeCanonical({ chunk });
export const resultOf = (chunk: number): Digest => digestOf(encodeCanonical(chunk * chunk));
export const lieAbout = (chunk: number): Digest => digestOf(encodeCanonical(-1 - chunk));

export type AuditSample = {
  readonly spec: JobSpec;
  readonly job: JobId;
  /** Without the seal. */
  readonly records: readonly AuditRecord[];
};

export type SampleOptions = {
  readonly trust?: Trust;
  readonly comparison?: JobSpec['comparison'];
  readonly withInputs?: boolean;
  /** One that can be run, where it is to be. */
  readonly program?: Buffer;
  /** Who signs which results of which chunks; two peers all of them, unless said otherwise. */
  readonly signed?: readonly (readonly [KeyPair, ReadonlyMap<number, Digest>])[];
  readonly peers?: readonly Partial<AuditPeer>[];
};

export function allResults(change?: readonly [number, Digest]): ReadonlyMap<number, Digest> {
  const results = Array.from({ length: chunksCount }, (_, chunk) => chunk);
  return new Map([
    ...results.map((chunk): [number, Digest] => [chunk, resultOf(chunk)]),
    ...(change === undefined ? [] : [change]),
  ]);
}

export async function someAudit(options: SampleOptions = {}): Promise<AuditSample> {
  const { trust = { quorum: 2 }, comparison, withInputs = false } = options;
  const source = options.program ?? program;
  const spec = specWith(trust, comparison, source);
  const bytes = encodeCanonical(spec);
  const job = jobId(digestOf(bytes));
  const signed = options.signed ?? [bea, cem].map((key) => [key, allResults()] as const);
  const inputs = withInputs ? await keptInputs() : undefined;
  const blob = inputs && digestOf(inputs);
  return {
    spec,
    job,
    records: [
      { type: 'header', job, spec: bytes, chunks: chunksCount, ...(blob && { inputs: blob }) },
      ...signed.map(([{ peer }, results], index): AuditRecord => {
        const counts = { returned: results.size, accepted: results.size };
        const seen = { isCaught: false, passed: 0 };
        return { type: 'peer', peer, ...counts, ...seen, ...options.peers?.[index] };
      }),
      { type: 'digests', digests: digestsOf(...allResults().values()) },
      ...signed.flatMap(([key, results]) => {
        return statementsOf(job, spec, key, results).map((each): AuditRecord => {
          return { type: 'statement', signed: each };
        });
      }),
      ...(inputs === undefined ? [] : [...blobOf(source), ...blobOf(inputs)]),
    ],
  };
}

export function statementsOf(
  job: JobId,
  spec: JobSpec,
  key: KeyPair,
  results: ReadonlyMap<number, Digest>,
  input = inputOf,
): readonly Signed[] {
  const workOf = workDigests(spec);
  const replicas = Array.from(results, ([chunk, digest]) => ({
    lease: chunk + 1,
    chunk,
    outcome: { type: 'result', digest, value: new Uint8Array(0) } as const,
    computeMs: 5,
    work: workOf(input(chunk)),
  }));
  return signStatements({ job, replicas }, key, key.privateKey);
}

export function digestsOf(...digests: readonly Digest[]): Buffer {
  return Buffer.from(digests.join(''), 'hex');
}

export function blobOf(bytes: Uint8Array, digest = digestOf(bytes)): AuditRecord[] {
  const half = Math.floor(bytes.length / 2);
  return [
    { type: 'blob', digest, piece: bytes.subarray(0, half), isLast: false },
    { type: 'blob', digest, piece: bytes.subarray(half), isLast: true },
  ];
}

/** Two pages of them. */
export async function keptInputs(input = inputOf): Promise<Buffer> {
  const pages = [
    [0, 1],
    [2, 3],
  ].map((chunks) => pack(chunks.map((chunk) => input(chunk))));
  const names = pages.map(({ bytes }) => digestOf(bytes));
  const read = async (page: Digest) => pages[names.indexOf(page)] ?? pack([]);
  return Buffer.concat(await Array.fromAsync(encodeKeptInputs(names, read)));
}

/** Records whose header says something else. */
export function withHeader(
  records: readonly AuditRecord[],
  change: Partial<AuditHeader>,
): readonly AuditRecord[] {
  const [header, ...others] = records;
  if (header?.type !== 'header') throw new Error('the first record is no header');
  return [{ ...header, ...change }, ...others];
}

/** As its requester seals it, whatever it says. */
export function sealed(job: JobId, records: readonly AuditRecord[], key = requester): Buffer {
  const frames = new AuditFrames();
  const written = records.map((record) => frames.add(record));
  const signed = signAuditSeal(job, frames.seal, key, key.privateKey);
  return Buffer.concat([auditFirstLine, ...written, frames.add({ type: 'seal', signed })]);
}

/** The records, and behind them the seal of others. */
export function sealedAs(
  job: JobId,
  records: readonly AuditRecord[],
  others: readonly AuditRecord[],
): Buffer {
  const frames = new AuditFrames();
  for (const record of others) frames.add(record);
  const signed = signAuditSeal(job, frames.seal, requester, requester.privateKey);
  const written = [...records, { type: 'seal', signed } as const];
  return Buffer.concat([auditFirstLine, ...written.map((record) => frames.add(record))]);
}

export async function* inPieces(bytes: Buffer, pieceBytes = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

export function auditOf(bytes: Buffer): Promise<AuditVerdict> {
  return checkAudit(inPieces(bytes));
}
