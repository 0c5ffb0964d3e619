/**
 * A peer as the command line sees it: the real control server on a real socket, with answers that a
 * test chooses.
 */

import { join } from 'node:path';

import { onTestFinished } from 'vitest';

import { type ControlHandler, serveControl } from '../../src/transport/control-server.ts';
import type { Job } from '../../src/transport/control-client.ts';
import { GridError } from '../../src/model/errors.ts';
import { digestOf } from '../../src/wire/digest.ts';

export const aPeerId = 'abcdefgh'.padEnd(52, 'a');
export const anotherPeerId = 'bcdefghi'.padEnd(52, 'b');
export const aJobId = 'c0ffee00'.padEnd(64, '0');

export function aJob(changes: Partial<Job> = {}): Job {
  return {
    jobId: aJobId,
    name: 'primes',
    state: 'running',
    chunks: 100,
    splitEnded: true,
    accepted: 40,
    inFlight: 6,
    disputed: 1,
    peers: 3,
    chunksPerSecond: 12.5,
    remainingMs: 4_800,
    stalled: '',
    failure: '',
    disputes: 1,
    wallMs: 3_200,
    createdAtMs: Date.UTC(2026, 10, 22, 4, 0, 0),
    quorum: 2,
    credibility: null,
    caught: [],
    comparison: 'digest',
    contributions: [],
    ...changes,
  };
}

export function aDoneJob(changes: Partial<Job> = {}): Job {
  const { remainingMs: _none, ...job } = aJob({
    state: 'done',
    accepted: 100,
    inFlight: 0,
    disputed: 0,
    contributions: [
      {
        peerId: aPeerId,
        self: true,
        leased: 120,
        returned: 118,
        accepted: 100,
        lost: 0,
        late: 18,
        failed: 0,
        expired: 2,
        computeSeconds: 3.25,
      },
      {
        peerId: anotherPeerId,
        self: false,
        leased: 100,
        returned: 100,
        accepted: 99,
        lost: 1,
        late: 0,
        failed: 0,
        expired: 0,
        computeSeconds: 2.5,
      },
    ],
    ...changes,
  });
  return job;
}

/** Serves it where the command line looks, given the data folder, until the test ends. */
export async function servePeer(
  data: string,
  methods: Partial<ControlHandler> = {},
): Promise<void> {
  const server = await serveControl(join(data, 'control.sock'), fakeControl(methods));
  onTestFinished(() => server.close());
}

/** A peer whose only job is done, with a result in some pieces. */
export async function serveResult(data: string, kind: string, ...pieces: string[]): Promise<void> {
  await servePeer(data, {
    async *watch() {
      yield { job: aJob({ accepted: 99 }) };
      yield { job: aDoneJob() };
    },
    async *result() {
      for (const [index, piece] of pieces.entries()) {
        yield { kind: index === 0 ? kind : '', piece: Buffer.from(piece) };
      }
    },
  });
}

/** Every method the test doesn't give fails as a peer that knows no job would. */
export function fakeControl(methods: Partial<ControlHandler> = {}): ControlHandler {
  const unknown = (): Promise<never> =>
    Promise.reject(new GridError('unknown-job', 'This peer knows no such job.'));
  // oxlint-disable-next-line require-yield
  async function* unknownStream(): AsyncGenerator<never> {
    await unknown();
  }
  return {
    putBlob: async (pieces) => {
      const bytes = Buffer.concat(await Array.fromAsync(pieces));
      return { digest: digestOf(bytes), bytes: bytes.length };
    },
    submit: () => Promise.resolve({ jobId: aJobId }),
    watch: unknownStream,
    result: unknownStream,
    exportAudit: unknownStream,
    exportBackup: unknownStream,
    listJobs: () => Promise.resolve({ jobs: [] }),
    cancel: unknown,
    forget: unknown,
    listPeers: () => Promise.resolve({ peers: [] }),
    listReceipts: () => Promise.resolve({ receipts: [] }),
    status: () => Promise.resolve({ pid: process.pid, dataPath: '/somewhere', state: 'idle' }),
    pause: () => Promise.resolve({}),
    resume: () => Promise.resolve({}),
    finish: () => Promise.resolve({ leasesHeld: 0, jobsRunning: 0 }),
    ...methods,
  };
}
