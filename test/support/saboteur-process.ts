/**
 * A peer that lies: every part is the project's own, but its sandbox changes a share of the results
 * before they are signed. Usage: saboteur-process.ts RATE [--lies-alone] [--honest-first N]
 * [--adds=N] join OPTIONS, as `manyhands join`. All saboteurs tell the same lie about a chunk,
 * unless they lie alone; with --adds their lie is a little more than the truth.
 */

import { parseArgs } from 'node:util';

import type { ChunkBatch, ChunkOutcome, Sandbox } from '../../src/ports.ts';
import { createNode } from '../../src/runtime/create-node.ts';
import { createLog } from '../../src/runtime/log.ts';
import { createSandbox } from '../../src/sandbox/create-sandbox.ts';
import { decodeCanonical, encodeCanonical } from '../../src/wire/canonical-cbor.ts';
import { digestOf } from '../../src/wire/digest.ts';
import { joinFlags, nodeOptions, sayUp } from './scripted-peer.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    ...joinFlags,
    'lies-alone': { type: 'boolean', default: false },
    'honest-first': { type: 'string', default: '0' },
    adds: { type: 'string' },
  },
});

/** Results that are right, whatever comes later. */
let honestLeft = Number(values['honest-first']);
/** What this peer adds to its lies. */
const accent = values['lies-alone'] ? process.pid : 0;
const node = await createNode(nodeOptions(values, 'saboteur'), {
  log: createLog({ level: 'info', stream: process.stderr }),
  sandbox: lying(createSandbox({ slots: Number(values.slots) }), Number(positionals[0])),
});
sayUp(node);

function lying(honest: Sandbox, rate: number): Sandbox {
  return new Proxy(honest, {
    get(target, name) {
      if (name === 'run') {
        return (batch: ChunkBatch, signal?: AbortSignal) => {
          return lied(target.run(batch, signal), batch, rate);
        };
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

async function lied(
  honest: Promise<readonly ChunkOutcome[]>,
  batch: ChunkBatch,
  rate: number,
): Promise<ChunkOutcome[]> {
  return (await honest).map((done, index) => {
    const chunk = batch.chunks[index]?.chunk ?? 0;
    // Knuth's multiplicative hash spreads the lies evenly over the chunks.
    const lies = ((chunk * 2654435761) >>> 0) / 2 ** 32 < rate;
    const isHonest = honestLeft > 0;
    honestLeft -= 1;
    if (isHonest || !lies || done.outcome.type !== 'result') return done;
    const value = encodeCanonical(
      values.adds === undefined
        ? -1 - chunk - accent
        : Number(decodeCanonical(done.outcome.value)) + Number(values.adds),
    );
    return {
      outcome: { type: 'result', value, digest: digestOf(value) },
      computeMs: done.computeMs,
    };
  });
}
