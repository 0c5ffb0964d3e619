/** What all parts of the transport share: who this peer is, whom it tells, and what it counts. */

import type { SecureContext } from 'node:tls';

import type { TransportEvent } from '../model/messages.ts';
import type { FrameStream } from './frame-stream.ts';
import type { Grid } from './grid.ts';
import type { Identity } from './identity.ts';

/** As pino has it. */
export type TransportLog = {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
};

type Counters = {
  bytesIn: number;
  bytesOut: number;
  handshakesRefused: number;
  framesRejected: number;
};

export type TransportContext = {
  readonly identity: Identity;
  readonly grid: Grid;
  /** What this peer shows and accepts when it dials. */
  readonly clientTls: SecureContext;
  readonly log: TransportLog;
  readonly counters: Counters;
  /** All open streams of frames. */
  readonly streams: Set<FrameStream>;
  /** Aborted when the transport closes. */
  readonly closing: AbortSignal;
  /** Never called from within a call of the transport's own methods. */
  emit: (event: TransportEvent) => void;
};
