/**
 * What `wire/` would refuse of a message: bounds that are broken, signatures that don't fit.
 * Results are signed by the transport itself, so there are no forged ones here.
 */

import { unreachable } from '../../../src/model/errors.ts';
import { limits } from '../../../src/model/limits.ts';
import type { PeerId } from '../../../src/model/ids.ts';
import type {
  OverlayMessage,
  RequesterMessage,
  VolunteerMessage,
} from '../../../src/model/messages.ts';
import type { SignedRecord } from '../../../src/model/peer-record.ts';
import type { SignedReceipt } from '../../../src/model/receipt.ts';
import type { Lease } from '../../../src/model/replica.ts';
import {
  isGenuineEvidence,
  isGenuineOffer,
  isGenuineReceipt,
  isGenuineRecord,
} from './signature.ts';

/** @returns why the overlay stream has to end, if it has to */
export function breachOf(message: OverlayMessage): string | undefined {
  switch (message.type) {
    case 'prune':
    case 'disconnect':
      return undefined;
    case 'ping':
    case 'pong':
    case 'probe-result':
      return breachOfId(message.id);
    case 'evidence':
      return isGenuineEvidence(message.evidence)
        ? undefined
        : 'the signature of evidence does not fit';
    case 'gossip':
      return isGenuineOffer(message.offer) ? undefined : 'the signature of an offer does not fit';
    case 'join':
    case 'neighbour':
    case 'visit':
      return breachOfRecord(message.record);
    case 'probe':
      return breachOfId(message.id) ?? breachOfRecord(message.record);
    case 'accept':
      return breachOfRecord(message.record) ?? breachOfRecords(message.peers);
    case 'refuse':
      return breachOfRecords(message.peers);
    case 'forward-join':
      return breachOfWalk(message.ttl) ?? breachOfRecord(message.record);
    case 'shuffle':
      return (
        breachOfId(message.id) ??
        breachOfWalk(message.ttl) ??
        breachOfPath(message.path) ??
        breachOfRecords(message.records)
      );
    case 'shuffle-reply':
      return (
        breachOfId(message.id) ?? breachOfPath(message.path) ?? breachOfRecords(message.records)
      );
    case 'have':
    case 'graft':
    case 'want':
      return message.offers.length > limits.offerNamesPerFrameMax ? 'too many offers' : undefined;
    default:
      return unreachable(message);
  }
}

/** @returns why the work stream has to end, if it has to */
export function breachOfWork(message: VolunteerMessage | RequesterMessage): string | undefined {
  switch (message.type) {
    case 'job-ended':
      return undefined;
    case 'receipt':
      return breachOfReceipt(message.receipt);
    case 'ask':
      return isWhole(message.count, 2 ** 32) ? undefined : 'no right count';
    case 'ping':
    case 'pong':
      return breachOfId(message.id);
    case 'leases':
      if (message.leaseMs < 1) return 'leases of no time';
      return message.chunks.every(isLease) ? undefined : 'no right lease';
    case 'results':
      return message.frame.replicas.every((replica) => isLease(replica) && replica.computeMs >= 0)
        ? undefined
        : 'no right replica';
    case 'hold':
    case 'acknowledge':
    case 'revoke':
      return message.leases.every((lease) => isWhole(lease, 2 ** 53))
        ? undefined
        : 'no right lease';
    default:
      return unreachable(message);
  }
}

function breachOfReceipt(signed: SignedReceipt): string | undefined {
  if (signed.receipt.chunks < 1) return 'a receipt for nothing';
  return isGenuineReceipt(signed) ? undefined : 'the signature of a receipt does not fit';
}

function isLease({ lease, chunk }: Lease): boolean {
  return isWhole(lease, 2 ** 53) && isWhole(chunk, limits.jobChunksMax);
}

function isWhole(value: number, end: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < end;
}

function breachOfId(id: number): string | undefined {
  return isWhole(id, 2 ** 53) ? undefined : 'no right id';
}

function breachOfWalk(ttl: number): string | undefined {
  return ttl > limits.walkHopsMax ? 'too long a walk' : undefined;
}

function breachOfPath({ length }: readonly PeerId[]): string | undefined {
  return length < 1 || length > limits.walkHopsMax ? 'a path of no right length' : undefined;
}

function breachOfRecords(records: readonly SignedRecord[]): string | undefined {
  if (records.length > limits.recordsPerFrameMax) return 'too many records';
  for (const record of records) {
    const breach = breachOfRecord(record);
    if (breach !== undefined) return breach;
  }
  return undefined;
}

function breachOfRecord(signed: SignedRecord): string | undefined {
  const { addresses, features } = signed.record;
  if (addresses.length > limits.peerAddressesMax) return 'too many addresses';
  if (features.length > limits.featuresMax) return 'too many features';
  return isGenuineRecord(signed) ? undefined : 'the signature of a record does not fit';
}
