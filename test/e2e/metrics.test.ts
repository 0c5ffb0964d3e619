/** What Prometheus sees of real peers before and after a job. */

import { expect, test } from 'vitest';

import { type PeerProcess, startPeer } from '../support/grid-process.ts';
import { squaresDone, submitSquares } from '../support/small-job.ts';
import { runTool } from '../support/tools.ts';

test('a job moves the counters of its requester and of its volunteer', async () => {
  const [ada, ben] = await measuredPair();
  expect(await page(ada, 'healthz')).toBe('ok\n');
  const before = await scrape(ada);
  expect(before('manyhands_chunks_accepted_total')).toBe(0);
  const count = 50;
  await squaresDone(ada, await submitSquares(ada, { count, quorum: 2 }), count);

  const requester = await scrape(ada);
  expect(requester('manyhands_chunks_accepted_total')).toBe(count);
  expect(requester('manyhands_replicas_total{outcome="accepted"}')).toBe(2 * count);
  expect(requester('manyhands_replicas_total{outcome="lost"}')).toBe(0);
  const granted = requester('manyhands_leases_total{event="granted"}');
  expect(granted).toBeGreaterThanOrEqual(2 * count);
  expect(requester('manyhands_leases_total{event="returned"}')).toBeGreaterThanOrEqual(2 * count);
  expect(requester('manyhands_leases_active{state="granted"}')).toBe(0);
  expect(requester('manyhands_peers{state="neighbour"}')).toBe(1);
  expect(requester('manyhands_offers_total{event="sent"}')).toBeGreaterThan(0);

  const volunteer = await scrape(ben);
  expect(volunteer('manyhands_chunk_compute_seconds_count')).toBe(count);
  expect(volunteer('manyhands_chunks_accepted_total')).toBe(0);
  expect(volunteer('manyhands_offers_total{event="seen"}')).toBeGreaterThan(0);
  for (const name of ['manyhands_received_bytes_total', 'manyhands_sent_bytes_total']) {
    expect(requester(name)).toBeGreaterThan(before(name));
    expect(volunteer(name)).toBeGreaterThan(0);
  }
});

test('promtool finds nothing to complain about in what a peer serves', async (ctx) => {
  const peer = await startPeer({ args: ['--metrics', '127.0.0.1:0'] });
  const checked = runTool('promtool', ['check', 'metrics'], { input: await page(peer, 'metrics') });
  if (checked === undefined) ctx.skip('promtool is not installed');
  expect(checked).toEqual({ status: 0, stdout: '', stderr: '' });
});

async function measuredPair(): Promise<[PeerProcess, PeerProcess]> {
  const args = ['--metrics', '127.0.0.1:0'];
  const ada = await startPeer({ args });
  const ben = await startPeer({ args, through: [ada] });
  await ben.logged(/neighbour up/);
  return [ada, ben];
}

/** @returns a look-up of samples by their name with labels */
async function scrape(peer: PeerProcess): Promise<(sample: string) => number> {
  const lines = (await page(peer, 'metrics')).split('\n');
  return (sample) => {
    const line = lines.find((each) => each.startsWith(`${sample} `));
    if (line === undefined) throw new Error(`no sample ${sample} in:\n${lines.join('\n')}`);
    return Number(line.slice(sample.length));
  };
}

async function page({ control }: PeerProcess, path: string): Promise<string> {
  const { metricsAddress } = await control.status();
  return (await fetch(`http://${metricsAddress}/${path}`)).text();
}
