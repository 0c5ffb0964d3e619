/**
 * Makes the audit file of a job that is done, from what the store has kept. It is a stream, read
 * and written some at a time with room for other work in between: a job of a million chunks has a
 * file of some hundred megabytes, and the peer goes on computing meanwhile.
 */

import { setImmediate as breathe } from 'node:timers/promises';

import type { AuditPeer, AuditRecord, AuditSeal } from '../model/audit.ts';
import { GridError } from '../model/errors.ts';
import type { Digest, JobId } from '../model/ids.ts';
import { type JobReport, trustNeeded } from '../model/job.ts';
import type { Signed } from '../model/signed.ts';
import type { Certificates, Store, StoredJob } from '../ports.ts';
import { auditDigestsMax, auditPieceBytesMax } from '../wire/audit-codec.ts';
import { auditFirstLine, AuditFrames } from '../wire/audit-frames.ts';
import { encodeCanonical } from '../wire/canonical-cbor.ts';

export type AuditExportComponents = {
  readonly store: Pick<Store, 'readStatements' | 'readEquivalents' | 'readBlob'>;
  readonly sign: (job: JobId, seal: AuditSeal) => Signed;
};

const DIGEST_BYTES = 32;
/** Looked up in one go. */
const CHUNKS_READ_MAX = 256;
/** Handed over together. */
const PIECE_BYTES = 128 * 1024;

/**
 * @param withInputs and the program, so that chunks can be computed again; without them where they
 *   were not kept
 * @throws {GridError} `usage` for a job that has nothing to be audited, `store-failed`
 */
export async function* exportAudit(
  job: StoredJob,
  withInputs: boolean,
  components: AuditExportComponents,
): AsyncGenerator<Uint8Array> {
  const { report, certificates } = auditable(job);
  const frames = new AuditFrames();
  let held: Uint8Array[] = [auditFirstLine];
  let bytes = 0;
  for await (const record of recordsOf(job, report, certificates, withInputs, components)) {
    const frame = frames.add(record);
    held.push(frame);
    bytes += frame.length;
    if (bytes < PIECE_BYTES) continue;
    yield Buffer.concat(held);
    held = [];
    bytes = 0;
    await breathe();
  }
  const signed = components.sign(job.job, frames.seal);
  yield Buffer.concat([...held, frames.add({ type: 'seal', signed })]);
}

function auditable({ state, failure, report, certificates, job }: StoredJob): {
  readonly report: JobReport;
  readonly certificates: Certificates;
} {
  if (certificates !== undefined && report !== undefined) return { report, certificates };
  const name = job.slice(0, 8);
  if (state === 'running' || state === 'merging') {
    throw new GridError('usage', `The job is not done yet. \`manyhands watch ${name}\` waits.`);
  }
  throw new GridError(
    'usage',
    state === 'done'
      ? 'What peers signed of this job was not kept: it was done by an earlier version of ' +
          'manyhands, or the disk was full. Submit it again to have it audited.'
      : `There is nothing to audit: the job is ${state}. ${failure ?? ''}`.trim(),
  );
}

async function* recordsOf(
  { job, spec, data = [] }: StoredJob,
  report: JobReport,
  { digests, inputs }: Certificates,
  withInputs: boolean,
  { store }: AuditExportComponents,
): AsyncGenerator<AuditRecord> {
  const shown = withInputs ? inputs : undefined;
  yield {
    type: 'header',
    job,
    spec: encodeCanonical(spec),
    chunks: report.chunks,
    ...(shown === undefined ? {} : { inputs: shown }),
  };
  const isOnEvidence = trustNeeded(spec).credibility !== undefined;
  for (const peer of peersOf(report, isOnEvidence)) yield { type: 'peer', ...peer };
  yield* digestsOf(store, digests);
  if (spec.comparison === 'equals') yield* equivalentsOf(store, job, report.chunks);
  yield* statementsOf(store, job);
  if (shown === undefined) return;
  // The inputs last, so that they can be computed as they are read.
  const blobs = new Set([spec.program, ...(spec.setup ? [spec.setup.digest] : []), ...data, shown]);
  for (const blob of blobs) yield* blobRecords(store, blob);
}

/** Who was caught in another job has no standing, and has said nothing in this one either. */
export function peersOf({ contributions, caught }: JobReport, isOnEvidence: boolean): AuditPeer[] {
  const wrong = new Set(caught.map(({ peer }) => peer));
  return contributions.map(({ peer, returned, failed, accepted, passed }) => ({
    peer,
    returned: returned - failed,
    accepted,
    isCaught: wrong.has(peer) || (isOnEvidence && passed === undefined),
    passed: passed ?? 0,
  }));
}

async function* equivalentsOf(
  store: AuditExportComponents['store'],
  job: JobId,
  chunks: number,
): AsyncGenerator<AuditRecord> {
  for (let chunk = 0; chunk < chunks; chunk += 1) {
    const equivalents = store.readEquivalents(job, chunk);
    for (const equivalent of equivalents.toSorted((a, b) => (a.digest < b.digest ? -1 : 1))) {
      yield { type: 'equivalent', ...equivalent };
    }
    if (chunk % CHUNKS_READ_MAX === 0) await breathe();
  }
}

async function* digestsOf(
  store: AuditExportComponents['store'],
  blob: Digest,
): AsyncGenerator<AuditRecord> {
  const pageBytes = auditDigestsMax * DIGEST_BYTES;
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of store.readBlob(blob)) {
    rest = Buffer.concat([rest, piece]);
    for (; rest.length >= pageBytes; rest = rest.subarray(pageBytes)) {
      yield { type: 'digests', digests: rest.subarray(0, pageBytes) };
    }
  }
  if (rest.length > 0) yield { type: 'digests', digests: rest };
}

async function* statementsOf(
  store: AuditExportComponents['store'],
  job: JobId,
): AsyncGenerator<AuditRecord> {
  for (let after = 0; ;) {
    const statements = store.readStatements(job, after);
    const last = statements.at(-1);
    if (last === undefined) return;
    for (const { signed, counted } of statements) {
      yield { type: 'statement', signed, ...(counted === undefined ? {} : { counted }) };
    }
    after = last.number;
    await breathe();
  }
}

async function* blobRecords(
  store: AuditExportComponents['store'],
  digest: Digest,
): AsyncGenerator<AuditRecord> {
  for await (const piece of store.readBlob(digest)) {
    for (let at = 0; at < piece.length; at += auditPieceBytesMax) {
      const part = piece.subarray(at, at + auditPieceBytesMax);
      yield { type: 'blob', digest, piece: part, isLast: false };
    }
  }
  yield { type: 'blob', digest, piece: new Uint8Array(0), isLast: true };
}
