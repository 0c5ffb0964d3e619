/** Random histories of a lease table, checked at every step. */

import { describe, expect, test } from 'vitest';

import { sample } from '../../../../src/protocol/random.ts';
import { anna } from '../../../support/protocol-fixtures.ts';
import { chunks, peers, TableHistory } from '../../../support/protocol-history.ts';

function step(history: TableHistory): void {
  const peer = peers[history.below(peers.length)] ?? anna;
  const [replica] = sample(history.random, history.replicas(), 1);
  const dice = history.random.next();
  if (dice < 0.05) history.split();
  else if (dice < 0.3) history.lease(peer, 1 + history.below(12));
  else if (dice < 0.9) {
    if (replica !== undefined) history.result(replica, false);
  } else if (dice < 0.93) history.expire(history.below(20_000));
  else if (dice < 0.94) history.gone(peer);
  else if (dice < 0.97) history.forge();
  else history.expire(history.below(500));
}

/** Nobody vanishes any more: everybody who can be leased to returns what was leased. */
function finish(history: TableHistory): void {
  while (history.yielded < chunks) history.split();
  for (let round = 0; round < 100 && history.accepted.length < chunks; round++) {
    history.expire(100);
    for (const peer of peers) history.lease(peer, 50);
    for (const replica of history.replicas()) history.result(replica, true);
    history.check();
  }
  for (const replica of history.replicas()) history.result(replica, true);
}

describe.each([1, 2, 3])('with a quorum of %i', (quorum) => {
  test.each([1, 2, 3, 4])(
    'every chunk is accepted once and every replica counted once, whatever happens (seed %i)',
    (seed) => {
      const history = new TableHistory(seed, quorum);
      for (let steps = 0; steps < 1_500; steps++) {
        step(history);
        history.check();
      }
      finish(history);
      expect(history.accepted.toSorted((a, b) => a - b)).toEqual([...history.model.keys()]);
      const { table, totals } = history;
      expect([table.activeLeases, table.inFlight, table.disputed]).toEqual([0, 0, 0]);
      expect(totals.chunksAccepted).toBe(chunks);
      for (const entry of table.tally.list()) {
        const { returned, accepted, lost, late, failed } = entry;
        expect(returned).toBe(accepted + lost + late + failed);
      }
      expect(totals.lost > 0).toBe(quorum > 1);
    },
  );
});
