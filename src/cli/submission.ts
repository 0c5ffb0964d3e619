/** A job on its way to the peer: first the bytes that it names, then the job. */

import type { ChunkLimits, Pieces } from '../model/job.ts';
import { unreachable } from '../model/errors.ts';
import type { ControlClient } from '../transport/control-client.ts';
import type { TrustShown } from './job-view.ts';
import type { JobSource } from './job-source.ts';

export type Submission = {
  readonly source: JobSource;
  readonly name: string;
  readonly paramsJson: string;
  readonly pieces?: Pieces;
  /** Absolute path; that the peer has opened it is certain once it has answered. */
  readonly inputPath?: string;
  /** Of the files that are the pieces. */
  readonly paths?: readonly string[];
  readonly limits: ChunkLimits;
  readonly chunksMax: number;
  readonly trust: TrustShown;
};

/** @returns the job's id */
export async function submitTo(client: ControlClient, submission: Submission): Promise<string> {
  const { source, pieces, inputPath = '', paths = [], limits, trust, ...rest } = submission;
  const put = async (bytes: Uint8Array): Promise<string> => (await client.putBlob(bytes)).digest;
  const request = { ...rest, ...limits, ...trust, inputPath };
  if (source.runtime === 'javascript') {
    const program = await put(source.script);
    const { jobId } = await client.submit({ ...request, runtime: 'javascript', program });
    return jobId;
  }
  const { module, files, ...setup } = source.program;
  const program = await put(module);
  const script = source.script === undefined ? '' : await put(source.script);
  const named: { path: string; digest: string }[] = [];
  for (const { path, bytes } of files) named.push({ path, digest: await put(bytes) });
  const { jobId } = await client.submit({
    ...request,
    runtime: 'wasi',
    program,
    script,
    setup: {
      arguments: [...setup.arguments],
      environment: [...setup.environment],
      files: named,
    },
    ...(pieces === undefined ? {} : { pieces: piecesMessage(pieces, paths) }),
  });
  return jobId;
}

function piecesMessage(pieces: Pieces, paths: readonly string[]) {
  switch (pieces.type) {
    case 'lines':
      return { lines: pieces.linesPerChunk };
    case 'bytes':
      return { bytes: pieces.bytesPerChunk };
    case 'range':
      return { range: { ...pieces } };
    case 'files':
      return { files: { paths: [...paths] } };
    default:
      return unreachable(pieces);
  }
}
