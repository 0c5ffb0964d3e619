/** A job as it arrives at the control socket, with every field that the protocol has. */

import type { ControlHandler } from '../../src/transport/control-server.ts';

export type SubmitRequest = Parameters<ControlHandler['submit']>[0];

/** Of JavaScript. @param program digest of its script, put before */
export function submitRequest(
  program: string,
  changes: Partial<SubmitRequest> = {},
): SubmitRequest {
  return {
    name: 'squares',
    runtime: 'javascript',
    program,
    script: '',
    setup: null,
    pieces: null,
    paramsJson: '',
    inputPath: '',
    quorum: 1,
    credibility: null,
    wallMsMax: 1,
    memoryBytesMax: 1,
    resultBytesMax: 1,
    stderrBytesMax: 0,
    chunksMax: 1,
    ...changes,
  };
}
