/** A job of a requester that believes on evidence: what is accepted may be open again. */

import { expect, test } from 'vitest';

import type { PeerId } from '../../../../src/model/ids.ts';
import type { RequesterSend } from '../../../../src/model/messages.ts';
import type { Lease } from '../../../../src/model/replica.ts';
import type { Effect } from '../../../../src/protocol/events.ts';
import { RequesterJob } from '../../../../src/protocol/requester/requester-job.ts';
import {
  anna,
  bert,
  cora,
  jobNumbered,
  ofType,
  resultOf,
  self,
  specOf,
} from '../../../support/protocol-fixtures.ts';
import { credibilityTrust, evidenceOf, kept } from '../../../support/protocol-evidence.ts';

const job = jobNumbered(1);
const allAccepted: Effect = { type: 'all-accepted', job };
const stored = (...results: ReturnType<typeof kept>[]): Effect => {
  return { type: 'store-results', job, results };
};
const moved = (changes: Partial<Extract<Effect, { type: 'keep-moves' }>>): unknown => {
  return { type: 'keep-moves', job, accepted: [], reopened: [], caught: [], ...changes };
};
const sent = (to: PeerId, message: RequesterSend): Effect => {
  return { type: 'send-to-volunteer', to, message };
};
const acknowledged = (to: PeerId, ...leases: Lease[]): Effect =>
  sent(to, { type: 'acknowledge', job, leases: leases.map(({ lease }) => lease) });

/** A job of chunks of which the first one is verified; two of these three peers decide one. */
function runOf(chunks: number) {
  const passed = [anna, bert, cora].map((peer) => [peer, 10] as const);
  const { table, dice } = evidenceOf({ chunks, passed });
  const trust = { quorum: 1, credibility: credibilityTrust };
  const run = new RequesterJob(job, specOf({ trust }), table, 0);
  const ask = (peer: PeerId): Lease => {
    run.ask(peer, 1);
    const leases = ofType(run.serve(0), 'send-to-volunteer').flatMap(({ message }) =>
      message.type === 'leases' ? message.chunks : [],
    );
    const [lease] = leases;
    if (lease === undefined) throw new Error('no lease');
    return lease;
  };
  run.results(self, [resultOf(ask(self))], 0);
  /** A lease of a chunk that is verified. */
  const check = (peer: PeerId): Lease => {
    dice.throw(0, 0);
    return ask(peer);
  };
  return { run, ask, check };
}

test('results are stored before they are accepted, and not again when they are', () => {
  const { run, ask } = runOf(2);
  const [first, second] = [ask(anna), ask(bert)];
  expect(run.results(anna, [resultOf(first)], 1)).toEqual([
    stored(kept(1)),
    acknowledged(anna, first),
  ]);
  expect(run.assembler.accepted).toBe(1);
  expect(run.results(bert, [resultOf(second)], 2)).toEqual([
    moved({ accepted: [1] }),
    acknowledged(bert, second),
    allAccepted,
  ]);
  expect([run.assembler.accepted, run.over]).toEqual([2, true]);
});

test('a result that is believed takes the place of the one that was stored', () => {
  const { run, ask } = runOf(2);
  const [first, second] = [ask(bert), ask(self)];
  expect(run.results(bert, [resultOf(first, 99)], 1)).toEqual([
    stored(kept(1, 99)),
    acknowledged(bert, first),
  ]);
  expect(run.results(self, [resultOf(second)], 2)).toEqual([
    stored(kept(1)),
    moved({ accepted: [1], caught: [expect.objectContaining({ peer: bert })] }),
    acknowledged(self, second),
    allAccepted,
  ]);
  expect(run.report(3).caught).toMatchObject([{ peer: bert }]);
});

test('chunks that are open again are not counted as accepted, nor read before all are', () => {
  const { run, ask, check } = runOf(3);
  for (const peer of [anna, bert]) run.results(peer, [resultOf(ask(peer))], 1);
  expect([run.progress(1).accepted, run.readable]).toEqual([2, 0]);
  const held = ask(anna);
  const wrong = check(anna);
  expect(run.results(anna, [resultOf(wrong, 99)], 2)).toEqual([
    moved({ reopened: [1], caught: [expect.objectContaining({ peer: anna })] }),
    sent(anna, { type: 'revoke', job, leases: [held.lease] }),
    acknowledged(anna, wrong),
  ]);
  expect(run.progress(2)).toMatchObject({ accepted: 1, chunks: 3 });
  expect(run.report(2)).toMatchObject({ accepted: 1, caught: [{ peer: anna }] });
  // Bert's word stands, and his result is stored.
  const again = ask(cora);
  expect(run.results(cora, [resultOf(again)], 3)).toEqual([
    moved({ accepted: [1] }),
    acknowledged(cora, again),
  ]);
  const last = ask(self);
  expect(run.results(self, [resultOf(last)], 4)).toEqual([
    stored(kept(2)),
    moved({ accepted: [2] }),
    acknowledged(self, last),
    allAccepted,
  ]);
  expect(run.readable).toBe(3);
});

test('that all are accepted is not said when one frame accepts the last and opens others', () => {
  const { run, ask, check } = runOf(2);
  const [first, second] = [ask(anna), ask(bert)];
  const wrong = check(anna);
  run.results(bert, [resultOf(second)], 1);
  const frame = [resultOf(first), resultOf(wrong, 99)];
  expect(run.results(anna, frame, 2)).toEqual([
    moved({ reopened: [1], caught: [expect.objectContaining({ peer: anna })] }),
    acknowledged(anna, first, wrong),
  ]);
  expect([run.over, run.assembler.accepted, run.complete()]).toEqual([false, 1, []]);
  const again = ask(cora);
  expect(run.results(cora, [resultOf(again)], 3)).toEqual([
    moved({ accepted: [1] }),
    acknowledged(cora, again),
    allAccepted,
  ]);
});

test('why nothing moves: those who are here have had their say', () => {
  const { run, ask } = runOf(2);
  run.results(anna, [resultOf(ask(anna))], 1);
  run.ask(anna, 1);
  run.serve(1);
  expect(run.progress(3_010).stalled).toBe(
    '1 chunk waits for evidence from others: the only peer here has had its say',
  );
});
