/**
 * A statement as it is kept: with which of its replicas counted. Its peer may have signed any
 * number of others, of chunks that it was never leased; whoever reads the statement later must not
 * take those for votes.
 */

import { countedBits } from '../model/counted.ts';
import type { ReplicaResult } from '../model/replica.ts';
import type { Signed } from '../model/signed.ts';
import type { KeptStatement } from '../model/stored-result.ts';
import { readKeptStatement, type SaidReplica } from '../wire/statement-codec.ts';

/** @param counted of those that are in it, in any order, and as results are compared */
export function keptStatement(signed: Signed, counted: readonly ReplicaResult[]): KeptStatement {
  const replicas = readKeptStatement(signed)?.replicas ?? [];
  const left = new Set(counted.map((replica) => keyOf(replica, replica.outcome)));
  // Of two alike only one can have counted.
  const bits = countedBits(replicas.map((replica) => left.delete(keyOf(replica, replica.said))));
  return bits === undefined ? signed : { ...signed, counted: bits };
}

type Said = { readonly type: SaidReplica['said']['type'] | ReplicaResult['outcome']['type'] };

function keyOf({ lease, chunk }: Pick<SaidReplica, 'lease' | 'chunk'>, { type }: Said): string {
  return `${lease} ${chunk} ${type === 'digest' ? 'result' : type}`;
}
