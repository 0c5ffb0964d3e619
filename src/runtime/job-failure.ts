/** Why a job failed, told to a person. */

import { unreachable } from '../model/errors.ts';
import { short } from '../model/ids.ts';
import type { JobFailure } from '../model/job.ts';
import type { Failure, FailureKind } from '../model/replica.ts';

const failureWords: Readonly<Record<FailureKind, string>> = {
  'timed-out': 'it took longer than the job allows',
  'out-of-memory': 'it needed more memory than the job allows',
  threw: 'the program failed',
  exited: 'the program ended with an error',
  'result-too-large': 'its result is larger than the job allows',
  'forbidden-import': 'the program wants what no volunteer gives',
  'not-deterministic': 'the program gave different results for the same input',
};

const looksInto = '`manyhands test` runs the first chunks on this machine alone, to look into it.';

const advice: Readonly<Record<FailureKind, string>> = {
  'timed-out': 'Split the work into smaller chunks, or allow more with --wall-limit.',
  'out-of-memory': 'Split the work into smaller chunks, or allow more with --memory-limit.',
  threw: looksInto,
  exited: looksInto,
  'result-too-large': 'Return less from a chunk, or allow more with --result-limit.',
  'forbidden-import':
    'A program can compute and nothing else. Build it as a command for WASI preview 1 ' +
    '(wasm32-wasip1 or wasm32-wasi), of one thread and without functions of another host.',
  'not-deterministic':
    'A result may depend on nothing but the chunk: not on what is left of an earlier one, not on ' +
    'the order of what has none. `manyhands test` shows where two runs differ.',
};

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
      const what = `${failureWords[kind]} (${kind}, on ${peers})${said}`;
      return `Chunk ${failure.chunk}: ${what}\n${advice[kind]}`;
    }
    case 'requester-failed':
      return failure.reason;
    default:
      return unreachable(failure);
  }
}

/** Why a program can't even begin. */
export function describeRefusal({ kind, detail }: Failure): string {
  // A script's own words say where it fails.
  if (kind === 'threw') return detail;
  return `The program can't run (${kind}): ${detail}\n${advice[kind]}`;
}
