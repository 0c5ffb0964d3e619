/** What whole peers have of the network beyond others: blobs with bytes, and results with names. */

import { expect, test } from 'vitest';

import { limits } from '../../src/model/limits.ts';
import type { TransportEvent } from '../../src/ports.ts';
import { readKeptStatement } from '../../src/wire/statement-codec.ts';
import { digestNumbered, jobNumbered, resultOf } from '../support/protocol-fixtures.ts';
import { Signer } from '../support/simulator/signer.ts';
import { Simulator } from '../support/simulator/simulator.ts';
import { WholeHost } from '../support/simulator/whole-host.ts';

const blob = digestNumbered(1);
const bytes = Uint8Array.of(1, 2, 3);
const signers = [new Signer(1), new Signer(2)];

/** Two hosts, and what the second one hears. */
async function hosts() {
  const { network, timeline } = new Simulator({ seed: 1 });
  const heard: TransportEvent[] = [];
  const all = signers.map((signer) => {
    return new WholeHost(network, {
      signer,
      place: network.place(),
      signerOf: (peer) => signers.find((each) => each.peer === peer),
      blobs: async (wanted) => (wanted === blob ? bytes : undefined),
      onSent: () => undefined,
    });
  });
  const [anna, bert] = all;
  if (anna === undefined || bert === undefined) throw new Error('there are two');
  await anna.listen(() => undefined);
  await bert.listen((event) => heard.push(event));
  return { anna, bert, heard, timeline };
}

test('a blob comes from who has it, and who has none of it says so', async () => {
  const { anna, bert, timeline } = await hosts();
  const fetched = [
    anna.fetchBlob(bert.self, [bert.address], blob),
    anna.fetchBlob(bert.self, [bert.address], digestNumbered(2)),
    anna.fetchBlob(bert.self, [anna.address], blob),
  ];
  const settled = Promise.allSettled(fetched);
  await timeline.settleFor(10_000);
  expect(await settled).toMatchObject([
    { value: bytes },
    { reason: new Error('it has no such blob') },
    { reason: new Error('it is not there') },
  ]);
});

test('results come with what their peer has signed of them', async () => {
  const { anna, bert, heard, timeline } = await hosts();
  const job = jobNumbered(1);
  anna.openWork(bert.self, [bert.address]);
  timeline.runFor(10_000);
  const replicas = Array.from({ length: limits.statementReplicasMax + 1 }, (_, lease) => {
    return { ...resultOf({ lease, chunk: 7 }), work: digestNumbered(3) };
  });
  anna.sendToRequester(bert.self, { type: 'results', frame: { job, replicas } });
  timeline.runFor(10_000);
  const frames = heard.flatMap((event) =>
    event.type === 'volunteer-message' && event.message.type === 'results'
      ? [event.message.frame]
      : [],
  );
  expect(frames.map((frame) => frame.replicas.length)).toEqual([limits.statementReplicasMax, 1]);
  const [, last] = frames;
  const said = last?.signed === undefined ? undefined : readKeptStatement(last.signed);
  expect(said).toMatchObject({ peer: anna.self, job, replicas: [{ chunk: 7 }] });
});
