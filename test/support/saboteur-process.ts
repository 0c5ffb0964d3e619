/**
 * A peer that lies: every part is the project's own, but its sandbox changes a share of the results
 * before they are signed. Usage: saboteur-process.ts RATE [--lies-alone] [--honest-first N]
 * [--adds=N] join OPTIONS, as `manyhands join`. All saboteurs tell the same lie about a chunk,
 * unless they lie alone; with --adds their lie is a little more than the truth.
 */

import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { limits } from '../../src/model/limits.ts';
import type { ChunkBatch, ChunkOutcome, Sandbox } from '../../src/ports.ts';
import { createNode } from '../../src/runtime/create-node.ts';
import { createLog } from '../../src/runtime/log.ts';
import { createSandbox } from '../../src/sandbox/create-sandbox.ts';
import { decodeCanonical, encodeCanonical } from '../../src/wire/canonical-cbor.ts';
import { digestOf } from '../../src/wire/digest.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean' },
    data: { type: 'string', default: '' },
    listen: { type: 'string', default: '127.0.0.1:0' },
    slots: { type: 'string', default: '1' },
    peer: { type: 'string', multiple: true, default: [] },
    'log-format': { type: 'string' },
    'lies-alone': { type: 'boolean', default: false },
    'honest-first': { type: 'string', default: '0' },
    adds: { type: 'string' },
  },
});

const slots = Number(values.slots);
/** Results that are right, whatever comes later. */
let honestLeft = Number(values['honest-first']);
/** What this peer adds to its lies. */
const accent = values['lies-alone'] ? process.pid : 0;
const node = await createNode(
  {
    dataPath: values.data,
    controlPath: join(values.data, 'control.sock'),
    listen: values.listen,
    advertise: [],
    peers: values.peer,
    slots,
    limits: {
      wallMsMax: 3_600_000,
      memoryBytesMax: 2 ** 30,
      resultBytesMax: limits.resultBytesMax,
      stderrBytesMax: limits.stderrBytesMax,
    },
    version: 'saboteur',
  },
  {
    log: createLog({ level: 'info', format: 'json', stream: process.stderr }),
    sandbox: lying(createSandbox({ slots }), Number(positionals[0])),
  },
);
process.stdout.write(`${JSON.stringify({ peer: node.peer, addresses: node.addresses })}\n`);

function lying(honest: Sandbox, rate: number): Sandbox {
  return new Proxy(honest, {
    get(target, name) {
      if (name === 'run') return (batch: ChunkBatch) => run(target, batch, rate);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

async function run(honest: Sandbox, batch: ChunkBatch, rate: number): Promise<ChunkOutcome[]> {
  const outcomes = await honest.run(batch);
  return outcomes.map((done, index) => {
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
