/** Jobs and results as a store keeps them, for tests of stores. */

import { jobId, peerId } from '../../src/model/ids.ts';
import type { JobReport, JobState } from '../../src/model/job.ts';
import type { StoredJob, StoredResult } from '../../src/ports.ts';
import { digestOf } from '../../src/wire/digest.ts';

const bytesOf = (text: string) => Buffer.from(text);

export function storedJob(name: string, state: JobState, createdAtMs = 1_750_000_000_000) {
  return {
    job: jobId(digestOf(bytesOf(`job ${name}`))),
    state,
    spec: {
      name,
      runtime: 'javascript',
      program: digestOf(bytesOf(`program of ${name}`)),
      programBytes: 1234,
      steps: { type: 'script', script: digestOf(bytesOf(`program of ${name}`)) },
      params: Uint8Array.of(0xa1, 0x62, 0x74, 0x6f, 0x18, 0x64),
      trust: { quorum: 2 },
      comparison: 'digest',
      limits: {
        wallMsMax: 60_000,
        memoryBytesMax: 2 ** 28,
        resultBytesMax: 2 ** 20,
        stderrBytesMax: 2 ** 16,
      },
      chunksMax: 10_000_000,
      requester: peerId('a'.repeat(52)),
      createdAtMs,
    },
  } as const satisfies StoredJob;
}

export const report: JobReport = {
  chunks: 1000,
  accepted: 1000,
  disputes: 3,
  wallMs: 1234.5,
  caught: [
    {
      peer: peerId('c'.repeat(52)),
      chunk: 17,
      digest: digestOf(bytesOf('wrong')),
      expected: digestOf(bytesOf('right')),
    },
  ],
  contributions: [
    {
      peer: peerId('b'.repeat(52)),
      leased: 700,
      returned: 690,
      accepted: 600,
      lost: 3,
      late: 80,
      failed: 7,
      expired: 10,
      computeSeconds: 17.25,
    },
  ],
};

export function resultOf(
  chunk: number,
  value: Uint8Array = bytesOf(`result ${chunk}`),
): StoredResult {
  return { chunk, digest: digestOf(value), value };
}
