/** Why a job failed, told to a person. */

import { unreachable } from '../model/errors.ts';
import { short } from '../model/ids.ts';
import type { JobFailure } from '../model/job.ts';

const failureWords = {
  'timed-out': 'took longer than the job allows',
  'out-of-memory': 'needed more memory than the job allows',
  threw: 'threw',
  'result-too-large': 'returned more than the job allows',
} as const;

const advice = {
  'timed-out': 'Split the work into smaller chunks, or allow more with --wall-limit.',
  'out-of-memory': 'Split the work into smaller chunks, or allow more with --memory-limit.',
  threw: '`manyhands test` runs the first chunks on this machine alone, to look into it.',
  'result-too-large': 'Return less from compute, or allow more with --result-limit.',
} as const;

export function describeFailure(failure: JobFailure): string {
  switch (failure.type) {
    case 'chunk-disputed': {
      const votes = failure.groups.reduce((sum, { peers }) => sum + peers.length, 0);
      const groups = failure.groups.map(
        ({ digest, peers }, index) =>
          `  group ${index + 1}: digest ${short(digest)} from ${peers.map(short).join(', ')}`,
      );
      const failures = failure.failures.map(({ peer, kind }) => `  ${short(peer)}: ${kind}`);
      return [
        `Chunk ${failure.chunk}: after ${votes + failures.length} replicas no ${failure.quorum} ` +
          'agree. Either too many peers here are wrong, or compute gives different results on ' +
          'different machines. These are all of them:',
        ...groups,
        ...failures,
      ].join('\n');
    }
    case 'chunk-failed': {
      const { kind, detail } = failure.failure;
      const peers = failure.peers.map(short).join(', ');
      const said = detail === '' ? '.' : `: ${detail}`;
      const what = `compute ${failureWords[kind]} (${kind}, on ${peers})${said}`;
      return `Chunk ${failure.chunk}: ${what}\n${advice[kind]}`;
    }
    case 'requester-failed':
      return failure.reason;
    default:
      return unreachable(failure);
  }
}
