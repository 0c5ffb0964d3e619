/**
 * A backup: what a peer has that can't be had again, in one file. Its first line says what it is,
 * in which version, and the digest of the rest; the rest is canonical CBOR. Receipts are in it as
 * they were signed, so reading them proves them again. No jobs: what a job is worth keeping for is
 * its result, which is a file of its owner's.
 *
 * It holds the private key in the clear. A password would have to be kept somewhere as well; who
 * wants one has tools for files.
 */

import { peerId } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import type { SignedReceipt } from '../model/receipt.ts';
import type { Standing } from '../model/standing.ts';
import { cut, type Decoded, decoding, printable, sized, Violation } from './bounds.ts';
import { decodeBounded, encodeCanonical } from './canonical-cbor.ts';
import { digestOf } from './digest.ts';
import { readSignedReceipt } from './receipt-codec.ts';

export type Backup = {
  /** The private key, PKCS #8 in PEM. */
  readonly identity: string;
  readonly standings: readonly Standing[];
  /** The last to come first. */
  readonly receipts: readonly SignedReceipt[];
};

/** As many as a store keeps: a key, receipts of 1 KiB and standings of 2.5 KiB at most. */
export const backupBytesMax =
  64 * 1024 + limits.receiptsMax * limits.receiptBytesMax + limits.standingsMax * 2560;

/** Of CBOR: a map with keys and values each, and the map around them with three of its own. */
const ITEMS_MAX = 7 + limits.receiptsMax * (1 + 2 * 3) + limits.standingsMax * (1 + 2 * 5);
/**
 * Spot-checks: thirty of one peer in each second of a year. Were there no bound, one standing could
 * say that its peer is never to be doubted again, however much time goes by. A guess.
 */
const PASSED_MAX = 1e9;

const WHAT = 'manyhands-backup';
const VERSION = '1';
/** The first line, with room for versions to come. */
const HEAD_BYTES_MAX = 128;
const LINE_END = 0x0a;

export function encodeBackup({ identity, standings, receipts }: Backup): Uint8Array {
  const body = encodeCanonical({
    identity,
    standings: standings.map((standing) => ({ ...standing })),
    receipts: receipts.map(({ signed: { payload, publicKey, signature } }) => {
      return { payload, publicKey, signature };
    }),
  });
  return Buffer.concat([Buffer.from(`${WHAT} ${VERSION} ${digestOf(body)}\n`), body]);
}

export function decodeBackup(bytes: Uint8Array): Decoded<Backup> {
  return decoding(() => {
    sized(bytes, 1, backupBytesMax, 'the file');
    const end = bytes.subarray(0, HEAD_BYTES_MAX).indexOf(LINE_END);
    const head = Buffer.from(bytes.subarray(0, Math.max(end, 0))).toString('latin1');
    const [what, version, digest] = head.split(' ');
    if (what !== WHAT) throw new Violation('it is no backup of a manyhands peer');
    if (version !== VERSION) {
      const shown = printable(cut(version ?? '', 20), 'one-line');
      throw new Violation(`it has version ${shown}, and this manyhands reads ${VERSION}`);
    }
    const body = bytes.subarray(end + 1);
    if (digestOf(body) !== digest) throw new Violation('it is damaged, or not complete');
    const fields = fieldsOf(decoded(body));
    const { identity } = fields;
    if (typeof identity !== 'string') throw new Violation('it holds no identity');
    return {
      identity,
      standings: listOf(fields['standings'], limits.standingsMax).map((each) => standingOf(each)),
      receipts: listOf(fields['receipts'], limits.receiptsMax).map((each) => receiptOf(each)),
    };
  });
}

/** The digest fits, so only who made it up can have made it so. */
function decoded(body: Uint8Array): unknown {
  try {
    return decodeBounded(body, ITEMS_MAX);
  } catch {
    throw new Violation('what is in it is not what a peer has written');
  }
}

function standingOf(item: unknown): Standing {
  const { peer, passed, isCaught, why, seenAtMs } = fieldsOf(item);
  if (typeof passed !== 'number' || !(passed >= 0) || typeof isCaught !== 'boolean') {
    throw new Violation('a standing is not what a peer has written');
  }
  if (typeof seenAtMs !== 'number' || !Number.isSafeInteger(seenAtMs) || seenAtMs < 0) {
    throw new Violation('a standing has no time');
  }
  const counted = Math.min(passed, PASSED_MAX);
  const because =
    typeof why === 'string' ? { why: cut(printable(why, 'one-line'), limits.reasonCharsMax) } : {};
  try {
    return { peer: peerId(String(peer)), passed: counted, isCaught, seenAtMs, ...because };
  } catch {
    throw new Violation('a standing is of nobody');
  }
}

function receiptOf(item: unknown): SignedReceipt {
  const { payload, publicKey, signature } = fieldsOf(item);
  if (
    payload instanceof Uint8Array &&
    publicKey instanceof Uint8Array &&
    signature instanceof Uint8Array
  ) {
    return readSignedReceipt({ payload, publicKey, signature });
  }
  throw new Violation('a receipt is not what a peer has written');
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function listOf(value: unknown, countMax: number): readonly unknown[] {
  if (Array.isArray(value) && value.length <= countMax) return value;
  throw new Violation(`it has no list, or one of more than ${countMax}`);
}
