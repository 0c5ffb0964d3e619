/** A peer in this process whose disk fails, and the one job that it is given all the time. */

import { join } from 'node:path';
import { Writable } from 'node:stream';

import { GridError } from '../../src/model/errors.ts';
import { createNode } from '../../src/runtime/create-node.ts';
import { createLog } from '../../src/runtime/log.ts';
import { connectControl, type ControlClient } from '../../src/transport/control-client.ts';
import { givenLimits } from './protocol-fixtures.ts';
import { squaringSandbox } from './squaring-sandbox.ts';
import { submitRequest } from './submit-request.ts';

/** Of the job; its result is their squares' sum. */
const CHUNKS = 20;
const SUM = ((CHUNKS - 1) * CHUNKS * (2 * CHUNKS - 1)) / 6;

export type DiskPeer = {
  readonly control: ControlClient;
  /** @returns how the job ended: "done", or why it was refused or failed */
  runJob(): Promise<string>;
  stop(): Promise<void>;
};

export async function startDiskPeer(dataPath: string): Promise<DiskPeer> {
  const stream = new Writable({ write: (_line, _encoding, done) => done() });
  const node = await createNode(
    {
      dataPath,
      controlPath: join(dataPath, 'control.sock'),
      listen: '127.0.0.1:0',
      advertise: [],
      peers: [],
      slots: 1,
      limits: givenLimits,
      version: '0',
    },
    {
      log: createLog({ level: 'info', stream }),
      sandbox: squaringSandbox(CHUNKS),
    },
  );
  const control = await connectControl(join(dataPath, 'control.sock'));
  let jobs = 0;
  return {
    control,
    runJob: () => runJob(control, (jobs += 1)),
    async stop() {
      control.close();
      await node.stop();
    },
  };
}

/** Each has a script of its own, so that nothing is there already. */
async function runJob(control: ControlClient, number: number): Promise<string> {
  let jobId: string;
  try {
    const { digest } = await control.putBlob(Buffer.from(`// ${number}\n`.repeat(1_000)));
    ({ jobId } = await control.submit(
      submitRequest(digest, { ...givenLimits, chunksMax: 1_000, paramsJson: '{}' }),
    ));
  } catch (error) {
    if (error instanceof GridError) return `refused, ${error.code}: ${error.message}`;
    throw error;
  }
  for await (const { job } of control.watch({ jobId })) {
    if (job?.state === 'failed') return `failed: ${job.failure}`;
    if (job?.state !== 'done') continue;
    const pieces: Uint8Array[] = [];
    for await (const { piece } of control.result({ jobId })) pieces.push(piece);
    const sum = Buffer.concat(pieces).toString();
    return sum === String(SUM) ? 'done' : `done, and wrong: ${sum}`;
  }
  return 'lost';
}
