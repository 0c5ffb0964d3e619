/** A peer that a test runs in a process of its own, with the flags and output of `join`. */

import { join } from 'node:path';

import { limits } from '../../src/model/limits.ts';
import type { NodeOptions, RunningNode } from '../../src/runtime/create-node.ts';

/** Those of `manyhands join` that tests use, for `parseArgs`. */
export const joinFlags = {
  json: { type: 'boolean' },
  data: { type: 'string', default: '' },
  listen: { type: 'string', default: '127.0.0.1:0' },
  slots: { type: 'string', default: '1' },
  peer: { type: 'string', multiple: true, default: [] as string[] },
  'log-format': { type: 'string' },
} as const;

type JoinValues = {
  readonly data: string;
  readonly listen: string;
  readonly slots: string;
  readonly peer: readonly string[];
};

export function nodeOptions(values: JoinValues, version: string): NodeOptions {
  const { resultBytesMax, stderrBytesMax } = limits;
  return {
    dataPath: values.data,
    controlPath: join(values.data, 'control.sock'),
    listen: values.listen,
    advertise: [],
    peers: values.peer,
    slots: Number(values.slots),
    limits: { wallMsMax: 3_600_000, memoryBytesMax: 2 ** 30, resultBytesMax, stderrBytesMax },
    version,
  };
}

export function sayUp({ peer, addresses }: RunningNode): void {
  process.stdout.write(`${JSON.stringify({ peer, addresses })}\n`);
}
