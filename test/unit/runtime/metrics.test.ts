import { createConnection } from 'node:net';
import { once } from 'node:events';

import { expect, onTestFinished, test } from 'vitest';

import { serveMetrics, type Health } from '../../../src/runtime/metrics-server.ts';
import { createMetrics } from '../../../src/runtime/metrics.ts';
import { metricSources } from '../../support/metric-sources.ts';
import { runTool } from '../../support/tools.ts';

test('a scrape shows the present numbers of every source', async () => {
  const { body } = await createMetrics(metricSources, '1.2.3').scrape();
  const own = body.split('\n').filter((line) => /^manyhands_(?!chunk_compute)/.test(line));
  expect(own).toEqual([
    'manyhands_peers{state="neighbour"} 1',
    'manyhands_peers{state="known"} 2',
    'manyhands_peers{state="volunteer"} 3',
    'manyhands_peers{state="requester"} 4',
    'manyhands_offers_total{event="seen"} 10',
    'manyhands_offers_total{event="sent"} 11',
    'manyhands_offers_total{event="announced"} 12',
    'manyhands_offers_total{event="duplicate"} 13',
    'manyhands_offers_total{event="refused"} 14',
    'manyhands_offers_total{event="over_rate"} 15',
    'manyhands_offers_total{event="asked"} 18',
    'manyhands_tree_changes_total{event="graft"} 16',
    'manyhands_tree_changes_total{event="prune"} 17',
    'manyhands_peer_failures_total{finding="suspected"} 24',
    'manyhands_peer_failures_total{finding="dead"} 25',
    'manyhands_peer_failures_total{finding="unreachable"} 26',
    'manyhands_peer_failures_total{finding="misbehaved"} 27',
    'manyhands_leases_active{state="granted"} 20',
    'manyhands_leases_active{state="held"} 21',
    'manyhands_results_undelivered 24',
    'manyhands_leases_total{event="granted"} 30',
    'manyhands_leases_total{event="returned"} 31',
    'manyhands_leases_total{event="expired"} 32',
    'manyhands_leases_total{event="revoked"} 33',
    'manyhands_chunks{state="waiting"} 40',
    'manyhands_chunks{state="leased"} 41',
    'manyhands_chunks{state="disputed"} 42',
    'manyhands_chunks{state="accepted"} 43',
    'manyhands_chunks_accepted_total 50',
    'manyhands_replicas_total{outcome="accepted"} 60',
    'manyhands_replicas_total{outcome="lost"} 61',
    'manyhands_replicas_total{outcome="late"} 62',
    'manyhands_replicas_total{outcome="expired"} 63',
    'manyhands_replicas_total{outcome="failed_timed_out"} 64',
    'manyhands_replicas_total{outcome="failed_out_of_memory"} 65',
    'manyhands_replicas_total{outcome="failed_threw"} 66',
    'manyhands_replicas_total{outcome="failed_result_too_large"} 67',
    'manyhands_replicas_total{outcome="failed_exited"} 68',
    'manyhands_replicas_total{outcome="failed_forbidden_import"} 69',
    'manyhands_replicas_total{outcome="failed_not_deterministic"} 70',
    'manyhands_evidence_total{event="check_passed"} 7',
    'manyhands_evidence_total{event="check_failed"} 3',
    'manyhands_evidence_total{event="caught"} 2',
    'manyhands_evidence_total{event="reopened"} 4',
    'manyhands_accusations_total{event="published"} 1',
    'manyhands_accusations_total{event="received"} 5',
    'manyhands_accusations_total{event="sent"} 9',
    'manyhands_accusations_total{event="proven"} 2',
    'manyhands_accusations_total{event="refuted"} 1',
    'manyhands_accusations_total{event="unknown"} 0',
    'manyhands_received_bytes_total 70',
    'manyhands_sent_bytes_total 71',
    'manyhands_handshakes_refused_total 73',
    'manyhands_frames_rejected_total 74',
    'manyhands_queue_depth{queue="frames"} 72',
    'manyhands_queue_depth{queue="batches"} 80',
    'manyhands_slots{state="busy"} 3',
    'manyhands_slots{state="idle"} 1',
    'manyhands_sandbox_restarts_total 90',
    'manyhands_build_info{version="1.2.3"} 1',
  ]);
});

test('a counter follows its total from scrape to scrape', async () => {
  let accepted = 5;
  const metrics = createMetrics({ ...metricSources, chunksAccepted: () => accepted }, '1.2.3');
  expect((await metrics.scrape()).body).toContain('manyhands_chunks_accepted_total 5\n');
  accepted = 8;
  expect((await metrics.scrape()).body).toContain('manyhands_chunks_accepted_total 8\n');
});

test('computing times fall into buckets, a batch counting each of its chunks', async () => {
  const metrics = createMetrics(metricSources, '1.2.3');
  metrics.observeCompute(2, 4);
  metrics.observeCompute(30, 1);
  metrics.observeCompute(0, 0);
  const { body } = await metrics.scrape();
  expect(body).toContain('manyhands_chunk_compute_seconds_bucket{le="0.1"} 0\n');
  expect(body).toContain('manyhands_chunk_compute_seconds_bucket{le="1"} 4\n');
  expect(body).toContain('manyhands_chunk_compute_seconds_bucket{le="60"} 5\n');
  expect(body).toContain('manyhands_chunk_compute_seconds_sum 32\n');
  expect(body).toContain('manyhands_chunk_compute_seconds_count 5\n');
});

test('the process tells of itself as Prometheus expects it', async () => {
  const { body } = await createMetrics(metricSources, '1.2.3').scrape();
  for (const name of ['process_cpu_seconds_total', 'process_resident_memory_bytes']) {
    expect(body).toMatch(new RegExp(`^${name} [0-9.]+$`, 'm'));
  }
});

test('promtool finds nothing to say about the metrics', async (ctx) => {
  const metrics = createMetrics(metricSources, '1.2.3');
  metrics.observeCompute(1, 1);
  const { body } = await metrics.scrape();
  const checked = runTool('promtool', ['check', 'metrics'], { input: body });
  if (!checked) ctx.skip("promtool is not installed; it is in Debian's package prometheus");
  expect(checked).toEqual({ status: 0, stdout: '', stderr: '' });
});

test('/metrics is served in the text format and /healthz says how the peer is', async () => {
  let health: Health = { ok: true };
  const url = await served(async () => health);

  const scraped = await fetch(`${url}/metrics`);
  expect(scraped.status).toBe(200);
  expect(scraped.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(await scraped.text()).toContain('manyhands_peers{state="neighbour"} 1\n');

  expect(await reply(await fetch(`${url}/healthz`))).toEqual([200, 'ok\n']);
  health = { ok: false, reason: 'the disk is full' };
  expect(await reply(await fetch(`${url}/healthz`))).toEqual([503, 'the disk is full\n']);
  expect(await reply(await fetch(url))).toEqual([
    200,
    'A manyhands peer.\n/metrics for Prometheus\n/healthz\n',
  ]);
});

test('what is not there is 404 and what would change something is 405', async () => {
  const url = await served(async () => ({ ok: true }));
  expect((await fetch(`${url}/secret`)).status).toBe(404);
  const posted = await fetch(`${url}/metrics`, { method: 'POST', body: 'x' });
  expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  const head = await fetch(`${url}/healthz?verbose`, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length')]).toEqual([200, '3']);
});

test('a source that fails is answered with its reason and the server goes on', async () => {
  const broken = () => {
    throw new Error('the driver has stopped');
  };
  const metrics = createMetrics({ ...metricSources, chunksAccepted: broken }, '1.2.3');
  const server = await serveMetrics('127.0.0.1:0', metrics, async () => ({ ok: true }));
  onTestFinished(() => server.close());
  const scraped = await fetch(`http://${server.address}/metrics`);
  expect(await reply(scraped)).toEqual([500, 'the driver has stopped\n']);
  expect((await fetch(`http://${server.address}/healthz`)).status).toBe(200);
});

test('a taken port is reported with what to do', async () => {
  const taken = new URL(await served(async () => ({ ok: true }))).host;
  const metrics = createMetrics(metricSources, '1.2.3');
  await expect(serveMetrics(taken, metrics, async () => ({ ok: true }))).rejects.toMatchObject({
    code: 'port-taken',
    message: expect.stringMatching(
      /^Metrics can't be served at 127\.0\.0\.1:\d+ \(listen EADDRINUSE.*choose another with --m/,
    ),
  });
});

test.each(['9420', 'localhost', 'localhost:99999', '::1:9420', ':9420', 'a:b:1'])(
  '%s is refused as an address to serve metrics at',
  async (address) => {
    const metrics = createMetrics(metricSources, '1.2.3');
    await expect(serveMetrics(address, metrics, async () => ({ ok: true }))).rejects.toMatchObject({
      code: 'usage',
      message: `--metrics needs host:port, such as 127.0.0.1:9420, but this is "${address}".`,
    });
  },
);

test('closing ends connections that are kept alive', async () => {
  const metrics = createMetrics(metricSources, '1.2.3');
  const server = await serveMetrics('[::1]:0', metrics, async () => ({ ok: true }));
  const port = Number(/^\[::1\]:(\d+)$/.exec(server.address)?.[1]);
  const socket = createConnection(port, '::1');
  socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await once(socket, 'data');
  const ended = once(socket, 'close');
  await server.close();
  await ended;
  expect(socket.destroyed).toBe(true);
  await expect(server.close()).resolves.toBeUndefined();
});

async function served(healthy: () => Promise<Health>): Promise<string> {
  const metrics = createMetrics(metricSources, '1.2.3');
  const server = await serveMetrics('127.0.0.1:0', metrics, healthy);
  onTestFinished(() => server.close());
  return `http://${server.address}`;
}

async function reply(response: Response): Promise<[number, string]> {
  return [response.status, await response.text()];
}
