/**
 * Evidence: bytes <-> model. It is passed on as the very bytes that its accuser has signed. What is
 * checked here is that all of it fits together, so that whoever has it knows: if the chunk comes to
 * something else than the accused has signed, the accused has signed what is not true. Whether that
 * is so is not known here.
 */

import { hash, type KeyObject } from 'node:crypto';

import type { Accusation, Evidence, EvidenceWork, SignedEvidence } from '../model/evidence.ts';
import { type Digest, digest, type JobId, type PeerId } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import type { ProgramRef } from '../model/program.ts';
import type { Signed } from '../model/signed.ts';
import {
  addressesField,
  atMost,
  digestField,
  parse,
  type Shape,
  sized,
  Violation,
  whole,
} from './bounds.ts';
import { digestOf } from './digest.ts';
import type { Evidence__Output } from './generated/manyhands/v1/Evidence.ts';
import type { Signed__Output } from './generated/manyhands/v1/Signed.ts';
import { limitsField, programFields, runtimeProtos } from './offer-codec.ts';
import { type PeerKey, peerKeyOf } from './peer-key.ts';
import { loadPeerProto } from './proto.ts';
import { blobField, blobProto } from './setup-codec.ts';
import { signBytes, verifyBytes } from './signing.ts';
import { readShownStatement } from './statement-codec.ts';
import { workDigestsByInput } from './work-digest.ts';

/** The last moment that JavaScript's dates know (ECMA-262, section 21.4.1.1). */
const UNIX_MS_MAX = 8.64e15;

/**
 * @returns it as others will read it
 * @throws {Violation} if others would refuse it
 */
export function signEvidence(
  accusation: Accusation,
  { spki }: PeerKey,
  privateKey: KeyObject,
): SignedEvidence {
  const payload = encodeEvidence(accusation);
  const signature = signBytes(privateKey, 'manyhands/v1/evidence', payload);
  const read = readSignedEvidence({ payload, publicKey: spki, signature });
  if (read === undefined) throw new Error(`what is ${accusation.program.runtime}?`);
  return read;
}

function encodeEvidence(accusation: Accusation): Uint8Array {
  const { program, limits: chunkLimits, input, statement, witnesses } = accusation;
  return loadPeerProto().evidence.serialize({
    addresses: accusation.addresses.slice(0, limits.peerAddressesMax),
    statement,
    chunk: accusation.chunk,
    runtime: runtimeProtos[program.runtime],
    programDigest: Buffer.from(program.program, 'hex'),
    programBytes: program.programBytes,
    setup: program.setup === undefined ? null : blobProto(program.setup),
    limits: chunkLimits,
    ...(input.value === undefined
      ? { inputBlob: blobProto(input) }
      : { inputValue: Buffer.from(input.value) }),
    acceptedDigest: Buffer.from(accusation.accepted, 'hex'),
    witnesses: [...witnesses],
    issuedAtMs: accusation.issuedAtMs,
  });
}

const shape: Shape = {
  counts: { 1: limits.peerAddressesMax, 12: limits.evidenceWitnessesMax },
};

/**
 * Some 70 us for each signature in it, five at most; nothing to speak of for what was read before,
 * as it comes from each neighbour.
 * @returns undefined for evidence that only a later version understands
 * @throws {Violation}
 */
export function readSignedEvidence(signed: Signed__Output | Signed): SignedEvidence | undefined {
  const { payload, publicKey, signature } = signed;
  const besideBytes = publicKey.length + signature.length;
  sized(payload, 1, limits.evidenceBytesMax - besideBytes, 'signed evidence');
  const name = digestOf(Buffer.concat([payload, publicKey, signature]));
  const known = verified.get(name);
  if (known !== undefined) return known;
  const signer = peerKeyOf(publicKey);
  if (signer === undefined) throw new Violation("evidence's public key is not an ECDSA P-256 key");
  if (!verifyBytes(signer.key, 'manyhands/v1/evidence', payload, signature)) {
    throw new Violation('the signature of evidence does not fit its key');
  }
  const proto = parse(payload, 'Evidence', shape, loadPeerProto().evidence.deserialize);
  const program = programFields(proto);
  if (program === undefined) return undefined;
  const read: SignedEvidence = {
    id: digest(hash('sha256', Buffer.concat([payload, publicKey]), 'hex')),
    evidence: evidenceOf(proto, program, signer.peer),
    // Copies: a view would keep the frame that it came in.
    signed: {
      payload: new Uint8Array(payload),
      publicKey: signer.spki,
      signature: new Uint8Array(signature),
    },
  };
  remember(name, read);
  return read;
}

/** What each neighbour sends, one after the other; 3 MiB at most. */
const verifiedMax = 64;
const verified = new Map<Digest, SignedEvidence>();

function remember(name: Digest, evidence: SignedEvidence): void {
  verified.set(name, evidence);
  for (const oldest of verified.keys()) {
    if (verified.size <= verifiedMax) break;
    verified.delete(oldest);
  }
}

function evidenceOf(proto: Evidence__Output, program: ProgramRef, accuser: PeerId): Evidence {
  const work: EvidenceWork = {
    program,
    limits: limitsField(proto.limits),
    input: inputField(proto),
  };
  const accepted = digestField(proto.acceptedDigest, 'accepted_digest');
  const chunk = whole(proto.chunk, 0, limits.jobChunksMax - 1, 'chunk');
  const name = workDigestsByInput({ ...program, limits: work.limits })(work.input.digest);
  const addresses = addressesField(proto.addresses);
  const issuedAtMs = whole(proto.issuedAtMs, 0, UNIX_MS_MAX, 'issued_at_ms');
  // Last, because it costs most.
  if (proto.statement === null) throw new Violation('evidence has no statement');
  const { peer: culprit, job, digests } = shown(proto.statement, chunk, name);
  if (culprit === accuser) throw new Violation('nobody accuses itself');
  const said = digests.find((each) => each !== accepted);
  if (said === undefined) throw new Violation('the accused has signed nothing else of that work');
  const witnesses = atMost(proto.witnesses, limits.evidenceWitnessesMax, 'witnesses');
  checkWitnesses(witnesses, { job, chunk, name, accepted, others: [accuser, culprit] });
  return { accuser, addresses, culprit, job, chunk, said, accepted, ...work, issuedAtMs };
}

function inputField(proto: Evidence__Output): EvidenceWork['input'] {
  if (proto.input === 'inputValue' && proto.inputValue !== undefined) {
    sized(proto.inputValue, 1, limits.evidenceInputBytesMax, 'input_value');
    const value = new Uint8Array(proto.inputValue);
    return { digest: digestOf(value), bytes: value.length, value };
  }
  if (!proto.inputBlob) throw new Violation('evidence has no input');
  return blobField(proto.inputBlob, limits.chunkInputBytesMax, 'the input');
}

/** What a statement says of the chunk, as far as it is about that work. */
function shown(
  signed: Signed__Output,
  chunk: number,
  work: Digest,
): { readonly peer: PeerId; readonly job: JobId; readonly digests: readonly Digest[] } {
  const { peer, job, replicas } = readShownStatement(signed);
  const digests = replicas.flatMap(({ chunk: of, said }) =>
    of === chunk && said.type === 'digest' && said.work === work ? [said.digest] : [],
  );
  return { peer, job, digests };
}

type Testified = {
  readonly job: JobId;
  readonly chunk: number;
  readonly name: Digest;
  readonly accepted: Digest;
  /** Who is no witness. */
  readonly others: readonly PeerId[];
};

function checkWitnesses(
  witnesses: readonly Signed__Output[],
  { job, chunk, name, accepted, others }: Testified,
): void {
  const heard = new Set(others);
  for (const signed of witnesses) {
    const witness = shown(signed, chunk, name);
    if (heard.has(witness.peer))
      throw new Violation('a witness is the accused, the accuser or another witness');
    heard.add(witness.peer);
    if (witness.job !== job || !witness.digests.includes(accepted)) {
      throw new Violation('a witness has not signed what is said to be right');
    }
  }
}
