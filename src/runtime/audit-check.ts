/**
 * Checks an audit file: has each result been signed by as many, and such peers, as the job's trust
 * asks for? Nothing but the file is needed for that, and nobody is believed who could be checked:
 *
 *   what peers signed      by their signatures
 *   what the job is        by its id, which is the digest of its spec
 *   inputs, program        by what peers signed: it names the work as well as the result
 *   what was seen of peers, who was caught, what counted, what `equals` said, that nothing was
 *   left out               only the requester knows; its seal says that it said so
 *
 * One pass over a stream; what is held of each chunk is in `chunk-votes.ts`.
 */

import { GridError, reasonOf, unreachable } from '../model/errors.ts';
import type { AuditHeader, AuditRecord, AuditSeal } from '../model/audit.ts';
import { isCounted } from '../model/counted.ts';
import { type Digest, type JobId, type PeerId, short } from '../model/ids.ts';
import type { JobSpec } from '../model/job.ts';
import type { Signed } from '../model/signed.ts';
import { readAuditSeal } from '../wire/audit-codec.ts';
import { type AuditEvent, readAuditFrames } from '../wire/audit-frames.ts';
import { Violation } from '../wire/bounds.ts';
import { peerKeyOf } from '../wire/peer-key.ts';
import { readShownStatement, type Statement } from '../wire/statement-codec.ts';
import { AuditBlobs } from './audit-blobs.ts';
import { AuditChunks, type ChunksVerdict } from './audit-chunks.ts';
import { type Finding, type FindingKind, Findings } from './audit-findings.ts';
import { AuditPeers } from './audit-peers.ts';
import { specOfJob } from './audit-spec.ts';

export type AuditVerdict = {
  /** Nothing is wrong. */
  readonly holds: boolean;
  /** At most twenty of each kind. */
  readonly findings: readonly Finding[];
  readonly findingsTotal: number;
  /** Absent where the file does not say which job it is about. */
  readonly job?: AuditedJob;
};

export type AuditedJob = ChunksVerdict & {
  readonly id: JobId;
  readonly spec: JobSpec;
  /** Those whose accepted digests are there. */
  readonly chunks: number;
  readonly statements: number;
  /** Those whose signature is right. */
  readonly signed: number;
  /** Peers with a signature. */
  readonly peers: number;
  /** Of the blob with the inputs, where they are in the file with the program. */
  readonly inputs?: Digest;
  /** By the requester's word. */
  readonly caught: readonly PeerId[];
};

/**
 * @param pieces of the file
 * @throws {GridError} `input-unreadable` for what is no audit file; whatever reading it throws
 */
export async function checkAudit(
  pieces: AsyncIterable<Uint8Array>,
  findings = new Findings(),
): Promise<AuditVerdict> {
  const check = new AuditCheck(findings);
  try {
    for await (const event of readAuditFrames(pieces)) check.take(event);
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    const reason = reasonOf(error);
    throw new GridError('input-unreadable', `That is no audit file, or a damaged one: ${reason}.`);
  }
  return check.end();
}

function verdictOf({ total, first }: Findings, job: AuditedJob | undefined): AuditVerdict {
  const verdict = { holds: total === 0, findings: first, findingsTotal: total };
  return job === undefined ? verdict : { ...verdict, job };
}

type Known = { readonly header: AuditHeader; readonly spec: JobSpec; readonly ids: Set<JobId> };

type BodyRecord = Exclude<AuditRecord, { type: 'header' | 'seal' }>;
type StatementRecord = Extract<AuditRecord, { type: 'statement' }>;
type Wrong = ReadonlyMap<FindingKind, string>;

/** Of what comes behind the header. */
const order: readonly AuditRecord['type'][] = [
  'peer',
  'digests',
  'equivalent',
  'statement',
  'blob',
];

class AuditCheck {
  readonly #findings: Findings;
  #known: Known | undefined;
  readonly #peers: AuditPeers;
  #digests: Buffer[] = [];
  #chunks: AuditChunks | undefined;
  #blobs: AuditBlobs | undefined;
  #statements = 0;
  #signed = 0;
  #isSealed = false;
  #hasHeader = false;
  /** Where in the order the file has come to. */
  #rank = 0;

  constructor(findings: Findings) {
    this.#findings = findings;
    this.#peers = new AuditPeers(findings);
  }

  take(event: AuditEvent): void {
    switch (event.type) {
      case 'record':
        this.#record(event.number, event.record);
        return;
      case 'seal':
        this.#isSealed = true;
        this.#seal(event.signed, event.before);
        return;
      case 'unreadable':
        this.#findings.add('record', `Record ${event.number} can't be read: ${event.reason}.`);
        return;
      case 'broken-off':
        this.#isSealed = true;
        this.#findings.add('cut-short', `Record ${event.number} is cut short: ${event.reason}.`);
        return;
      case 'trailing':
        this.#findings.add('trailing-bytes', 'The file has bytes behind its seal.');
    }
  }

  end(): AuditVerdict {
    if (!this.#isSealed) {
      this.#findings.add('cut-short', 'The file is cut short: it ends without a seal.');
    }
    const job = this.#known === undefined ? undefined : this.#judged(this.#known);
    if (job === undefined && !this.#hasHeader) {
      this.#findings.add('job', 'The file does not say which job it is about.');
    }
    return verdictOf(this.#findings, job);
  }

  #judged({ header, spec }: Known): AuditedJob {
    const chunks = this.#ready(header, spec);
    this.#blobs?.end();
    const { inputs } = header;
    const hasInputs = inputs !== undefined && this.#blobs?.hasInputs === true;
    if (inputs !== undefined && !hasInputs) {
      this.#findings.add('blob', 'The inputs and the program should be in the file, and are not.');
    }
    this.#peers.checkReturned();
    return {
      ...chunks.verdict,
      id: header.job,
      spec,
      chunks: chunks.count,
      statements: this.#statements,
      signed: this.#signed,
      peers: this.#peers.withSignature,
      ...(hasInputs && { inputs }),
      caught: this.#peers.caught,
    };
  }

  #record(number: number, record: Exclude<AuditRecord, { type: 'seal' }>): void {
    if (record.type === 'header') return this.#header(number, record);
    if (record.type === 'statement') this.#statements += 1;
    if (this.#known === undefined) {
      if (!this.#hasHeader) this.#misplaced(number, record.type, 'a header');
      this.#hasHeader = true;
      return;
    }
    const rank = order.indexOf(record.type);
    if (rank < this.#rank) {
      return this.#misplaced(number, record.type, `no ${order[this.#rank]}`);
    }
    this.#rank = rank;
    this.#body(number, record, this.#known);
  }

  #body(number: number, record: BodyRecord, { header, spec, ids }: Known): void {
    switch (record.type) {
      case 'peer':
        return this.#peers.add(record, number);
      case 'digests':
        // A file may have any number of empty ones.
        if (record.digests.length > 0) this.#digests.push(Buffer.from(record.digests));
        return;
      case 'equivalent': {
        const reason = this.#ready(header, spec).addEquivalent(record);
        if (reason === undefined) return;
        const text = `Record ${number} can't be what equals took for equal: ${reason}.`;
        return this.#findings.add('record', text);
      }
      case 'statement':
        return this.#statement(record, ids, this.#ready(header, spec));
      case 'blob': {
        const chunks = this.#ready(header, spec);
        this.#blobs ??= new AuditBlobs(header, spec, chunks, this.#findings);
        return this.#blobs.add(record);
      }
      default:
        return unreachable(record);
    }
  }

  #misplaced(number: number, what: string, before: string): void {
    const text = `Record ${number} (${what}) is out of its place: ${before} should come before it.`;
    this.#findings.add('record', text);
  }

  #header(number: number, header: AuditHeader): void {
    if (this.#hasHeader) return this.#misplaced(number, 'header', 'no other record');
    this.#hasHeader = true;
    const read = specOfJob(header);
    if ('spec' in read) {
      this.#known = { header, spec: read.spec, ids: new Set([header.job, read.id]) };
      this.#peers.requester = read.spec.requester;
      if (read.id === header.job) return;
      const text =
        `The header says that this is job ${short(header.job)}, but the job that it describes ` +
        `is ${short(read.id)}.`;
      this.#findings.add('job', text);
    } else {
      this.#findings.add('job', `The job's description can't be read: ${read.reason}.`);
    }
  }

  /** Whatever comes behind the digests asks for this. */
  #ready(header: AuditHeader, spec: JobSpec): AuditChunks {
    if (this.#chunks !== undefined) return this.#chunks;
    const digests = Buffer.concat(this.#digests);
    this.#digests = [];
    this.#chunks = new AuditChunks(spec, digests, this.#peers, this.#findings);
    if (this.#chunks.count !== header.chunks) {
      const text = `The job has ${header.chunks} chunks, but there are accepted digests of `;
      this.#findings.add('digests', `${text}${this.#chunks.count}.`);
    }
    return this.#chunks;
  }

  #statement(record: StatementRecord, ids: ReadonlySet<JobId>, chunks: AuditChunks): void {
    const { signed } = record;
    const number = this.#statements;
    const by = peerKeyOf(signed.publicKey)?.peer;
    const who = `Statement ${number}${by === undefined ? '' : ` (of ${short(by)})`}`;
    const about = by === undefined ? {} : { peer: by };
    try {
      const statement = readShownStatement(signed);
      if (!ids.has(statement.job)) {
        const text = `${who} is about another job, ${short(statement.job)}.`;
        return this.#findings.add('other-job', text, about);
      }
      const index = this.#peers.indexOf(statement.peer);
      if (index === undefined) {
        const text =
          `${who} is signed by somebody who did not take part in the job, as its requester ` +
          'tells it.';
        return this.#findings.add('unknown-peer', text, about);
      }
      this.#signed += 1;
      for (const [kind, text] of this.#vote(index, statement, record, chunks)) {
        this.#findings.add(kind, `${who} ${text}`, about);
      }
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      const text =
        signed.signature.length === 0
          ? `${who} has no signature.`
          : `${who} is not what its peer has signed: ${error.message}.`;
      this.#findings.add('signature', text, about);
    }
  }

  /** @returns what is wrong with what was signed, each once */
  #vote(
    peer: number,
    { replicas }: Statement,
    record: StatementRecord,
    chunks: AuditChunks,
  ): Wrong {
    const wrong = new Map<FindingKind, string>();
    for (const [at, replica] of replicas.entries()) {
      const { chunk, said } = replica;
      if (said.type !== 'digest' || !isCounted(record.counted, at)) continue;
      if (chunk >= chunks.count) {
        wrong.set('no-such-chunk', `has a result of chunk ${chunk}, which the job does not have.`);
      } else if (chunks.vote(peer, replica, said)) {
        this.#peers.countResult(peer);
      } else {
        wrong.set('repeated', `says of chunk ${chunk} what its peer has said already.`);
      }
    }
    return wrong;
  }

  #seal(signed: Signed, before: AuditSeal): void {
    try {
      const seal = readAuditSeal(signed);
      const requester = this.#known?.spec.requester;
      if (requester !== undefined && seal.peer !== requester) {
        const text = `The seal is of ${short(seal.peer)}, but the job is of ${short(requester)}.`;
        this.#findings.add('seal', text);
      }
      if (this.#known !== undefined && seal.job !== this.#known.header.job) {
        const text = `The seal is of another job, ${short(seal.job)}.`;
        this.#findings.add('seal', text);
      }
      for (const text of differences(seal, before)) this.#findings.add('seal', text);
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.#findings.add('seal', `The seal can't be believed: ${error.message}.`);
    }
  }
}

function differences(sealed: AuditSeal, found: AuditSeal): string[] {
  const texts: string[] = [];
  if (sealed.records !== found.records) {
    texts.push(
      `The requester has sealed ${sealed.records} records, and here are ${found.records}.`,
    );
  }
  if (sealed.header !== found.header) {
    texts.push('The header is not the one that the requester has sealed.');
  } else if (sealed.digest !== found.digest) {
    texts.push('The records behind the header are not those that the requester has sealed.');
  }
  return texts;
}
