/** Pings and their answers, which are the same on every kind of stream: bytes <-> model. */

import type { WorkLiveness } from '../model/messages.ts';
import { whole } from './bounds.ts';
import type { Ping, Ping__Output } from './generated/manyhands/v1/Ping.ts';
import type { Pong, Pong__Output } from './generated/manyhands/v1/Pong.ts';

/** What frames of all streams have in common. */
type PingFrame = { ping: Ping } | { pong: Pong };
type PingFrameOutput = { ping?: Ping__Output | null; pong?: Pong__Output | null };

export function pingFrame({ type, id }: WorkLiveness): PingFrame {
  return type === 'ping' ? { ping: { id } } : { pong: { id } };
}

/** @returns undefined for a frame that is neither */
export function readPing({ ping, pong }: PingFrameOutput): WorkLiveness | undefined {
  if (ping) return { type: 'ping', id: idField(ping.id) };
  return pong ? { type: 'pong', id: idField(pong.id) } : undefined;
}

/** Chosen by whoever asks, and given back with the answer. */
export function idField(id: number): number {
  return whole(id, 0, Number.MAX_SAFE_INTEGER, 'id');
}
