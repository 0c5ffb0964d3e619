/**
 * Backups made and taken back, with no peer running: the store is opened for it, and its lock keeps
 * peers away meanwhile.
 */

import { GridError } from '../model/errors.ts';
import { type PeerId, short } from '../model/ids.ts';
import type { Standing } from '../model/standing.ts';
import type { Store } from '../ports.ts';
import { isUnderWay } from '../storage/ended-jobs.ts';
import { openStore } from '../storage/sqlite-store.ts';
import {
  type Identity,
  identityFromPem,
  keepIdentity,
  pemOf,
  readIdentity,
  replaceIdentity,
} from '../transport/identity.ts';
import { type Backup, decodeBackup, encodeBackup } from '../wire/backup-codec.ts';
import { makeDataFolder } from './data-folder.ts';

export { backupBytesMax } from '../wire/backup-codec.ts';

/** Of jobs in the way, in the message. */
const NAMED_MAX = 5;

export type Imported = {
  readonly peer: PeerId;
  /** Those that were new to this folder. */
  readonly standings: number;
  readonly receipts: number;
  /** Where the key went of the peer that was here before. */
  readonly replaced?: string;
};

export function backupOf(
  identity: Identity,
  store: Pick<Store, 'listStandings' | 'listReceipts'>,
): Uint8Array {
  return encodeBackup({
    identity: pemOf(identity),
    standings: store.listStandings(),
    receipts: store.listReceipts(),
  });
}

/**
 * @throws {GridError} `identity-invalid` where no peer has ever run; what opening the store throws
 */
export async function exportBackup(dataPath: string): Promise<Uint8Array> {
  const identity = await readIdentity(dataPath);
  if (identity === undefined) {
    throw new GridError(
      'identity-invalid',
      `There is no peer in ${dataPath} to make a backup of. Name its data folder with --data.`,
    );
  }
  const store = await openStore({ path: dataPath });
  try {
    return backupOf(identity, store);
  } finally {
    store.close();
  }
}

/**
 * Makes the folder's peer the one of the backup. What the folder knows already of other peers, and
 * its receipts, stay; of two that are about the same the newer one.
 * @param replace the identity of another peer that is there, or of one that can't be read; its key
 *   is kept beside. What another has computed and not delivered is forgotten.
 * @throws {GridError} `input-unreadable` for what is no backup; `identity-invalid` where another
 *   peer is, or jobs of one are under way; what opening the store throws
 */
export async function importBackup(
  dataPath: string,
  bytes: Uint8Array,
  { replace }: { readonly replace: boolean },
): Promise<Imported> {
  const { backup, identity } = readBackup(bytes);
  await makeDataFolder(dataPath);
  const store = await openStore({ path: dataPath });
  try {
    const present = await presentIn(dataPath, identity, replace);
    refuseOthersJobs(dataPath, store, identity.peer);
    const standings = mergeStandings(store, backup.standings);
    const receipts = mergeReceipts(store, backup, identity.peer);
    await store.sync();
    const imported = { peer: identity.peer, standings, receipts };
    // Last: until then nothing has become of the peer that was here.
    if (present === 'none') await keepIdentity(dataPath, identity);
    if (present === 'none' || present === 'same') return imported;
    const replaced = await replaceIdentity(dataPath, identity);
    if (present === 'another') dropUnsent(store);
    return { ...imported, replaced };
  } finally {
    store.close();
  }
}

function readBackup(bytes: Uint8Array): { backup: Backup; identity: Identity } {
  const decoded = decodeBackup(bytes);
  const backup = decoded.type === 'message' ? decoded.message : undefined;
  const identity = backup && identityFromPem(backup.identity);
  if (backup && identity) return { backup, identity };
  const reason = decoded.type === 'rejected' ? decoded.reason : "its key is not a peer's";
  throw new GridError(
    'input-unreadable',
    `This can't be imported: ${reason}. Give a file that \`manyhands export\` has written.`,
  );
}

async function presentIn(
  dataPath: string,
  { peer }: Identity,
  replace: boolean,
): Promise<'none' | 'same' | 'another' | 'unreadable'> {
  const present = await readIdentity(dataPath).catch((error: unknown) => {
    if (replace) return 'unreadable' as const;
    throw error;
  });
  if (present === 'unreadable') return present;
  if (present === undefined) return 'none';
  if (present.peer === peer) return 'same';
  if (replace) return 'another';
  throw new GridError(
    'identity-invalid',
    `The data folder ${dataPath} holds another peer, ${short(present.peer)}, and the backup is ` +
      `of ${short(peer)}. Choose another folder with --data, or replace the peer with --force.`,
  );
}

/** Nobody but its requester can go on with a job: it would be lost, and its owner was not asked. */
function refuseOthersJobs(dataPath: string, store: Store, self: PeerId): void {
  const others = store.listJobs().filter((job) => isUnderWay(job) && job.spec.requester !== self);
  if (others.length === 0) return;
  const names = others.slice(0, NAMED_MAX).map(({ job, spec }) => `${spec.name} (${short(job)})`);
  const more = others.length > NAMED_MAX ? ` and ${others.length - NAMED_MAX} more` : '';
  throw new GridError(
    'identity-invalid',
    `The data folder ${dataPath} has jobs under way of another peer than the backup's: ` +
      `${names.join(', ')}${more}. Start the peer that is there, and wait for them or cancel ` +
      'them with `manyhands cancel`; or choose another folder with --data.',
  );
}

/** Computed on leases of another peer: nobody takes it from this one. */
function dropUnsent(store: Store): void {
  for (const { requester, job, replica } of store.listUnsent(0)) {
    store.dropUnsent(requester, job, [replica.lease]);
  }
}

/** Who was caught stays caught, whoever has seen it. What was seen later than now is of now. */
function mergeStandings(store: Store, given: readonly Standing[]): number {
  const nowMs = Date.now();
  const standings = given.map((standing) => {
    return { ...standing, seenAtMs: Math.min(standing.seenAtMs, nowMs) };
  });
  const known = new Map(store.listStandings().map((standing) => [standing.peer, standing]));
  const newer = standings.filter(({ peer, seenAtMs, isCaught }) => {
    const present = known.get(peer);
    if (present === undefined) return true;
    return isCaught === present.isCaught ? seenAtMs > present.seenAtMs : isCaught;
  });
  store.putStandings(newer);
  return newer.length;
}

/** Only those for the backup's own peer: others' would be no credit of anybody here. */
function mergeReceipts(store: Store, { receipts }: Backup, self: PeerId): number {
  const known = new Map(
    store.listReceipts().map(({ receipt }) => {
      return [`${receipt.requester} ${receipt.job}`, receipt.issuedAtMs];
    }),
  );
  const newer = receipts.filter(({ receipt: { peer, requester, job, issuedAtMs } }) => {
    return peer === self && issuedAtMs > (known.get(`${requester} ${job}`) ?? -1);
  });
  // The last to come is put last.
  for (const receipt of newer.toReversed()) store.putReceipt(receipt);
  return newer.length;
}
