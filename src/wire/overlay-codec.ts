/**
 * Overlay messages: bytes <-> model. Both directions carry the same frame in different wrappers.
 * What is in the frame is told by `membership-codec.ts`, `broadcast-codec.ts` and, for what says
 * who is still there, this file.
 */

import { unreachable } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import { isMembership, type LivenessMessage, type OverlayMessage } from '../model/messages.ts';
import { type Decoded, decoding, parse, type Shape, sized } from './bounds.ts';
import { broadcastFrame, broadcastShapes, readBroadcast } from './broadcast-codec.ts';
import { readSignedEvidence } from './evidence-codec.ts';
import type { OverlayFrame, OverlayFrame__Output } from './generated/manyhands/v1/OverlayFrame.ts';
import { type HelloFrame, helloShape, ourHello, readHello } from './hello.ts';
import {
  membershipFrame,
  membershipShapes,
  readMembership,
  recordField,
} from './membership-codec.ts';
import { idField, pingFrame, readPing } from './ping-codec.ts';
import { loadPeerProto } from './proto.ts';

/** Which wrapper: requests go from the peer that dialled, responses to it. */
export type OverlaySide = 'dialler' | 'dialled';

export function encodeOverlayHello(from: OverlaySide): Buffer {
  return serialize(from, { hello: ourHello() });
}

/** What goes over the bounds that the receiver checks is cut: surplus records and names. */
export function encodeOverlay(from: OverlaySide, message: OverlayMessage): Buffer {
  return serialize(from, frameOf(message));
}

function frameOf(message: OverlayMessage): OverlayFrame {
  if (isMembership(message)) return membershipFrame(message);
  switch (message.type) {
    case 'gossip':
    case 'have':
    case 'graft':
    case 'want':
    case 'prune':
      return broadcastFrame(message);
    case 'ping':
    case 'pong':
      return pingFrame(message);
    case 'probe':
      return { probe: { id: message.id, record: message.record.signed } };
    case 'evidence':
      return { evidence: message.evidence.signed };
    case 'probe-result':
      return { probeResult: { id: message.id, reached: message.reached } };
    default:
      return unreachable(message);
  }
}

function serialize(from: OverlaySide, frame: OverlayFrame): Buffer {
  const { requestSerialize, responseSerialize } = loadPeerProto().overlay.Exchange;
  return from === 'dialler' ? requestSerialize({ frame }) : responseSerialize({ frame });
}

export function decodeOverlay(
  from: OverlaySide,
  bytes: Uint8Array,
): Decoded<HelloFrame | OverlayMessage> {
  return decoding(() => {
    const { requestDeserialize, responseDeserialize } = loadPeerProto().overlay.Exchange;
    const deserialize = from === 'dialler' ? requestDeserialize : responseDeserialize;
    sized(bytes, 0, limits.overlayFrameBytesMax, 'the frame');
    const name = from === 'dialler' ? 'ExchangeRequest' : 'ExchangeResponse';
    const { frame } = parse(bytes, name, exchangeShape, deserialize);
    return frame === null ? undefined : readFrame(frame);
  });
}

const frameShape: Shape = { nested: { 1: helloShape, ...membershipShapes, ...broadcastShapes } };
const exchangeShape: Shape = { nested: { 1: frameShape } };

function readFrame(frame: OverlayFrame__Output): HelloFrame | OverlayMessage | undefined {
  if (frame.hello) return readHello(frame.hello);
  if (frame.evidence) {
    const evidence = readSignedEvidence(frame.evidence);
    return evidence === undefined ? undefined : { type: 'evidence', evidence };
  }
  return readMembership(frame) ?? readBroadcast(frame) ?? readLiveness(frame);
}

function readLiveness(frame: OverlayFrame__Output): LivenessMessage | undefined {
  if (frame.probe) {
    const { id, record } = frame.probe;
    return { type: 'probe', id: idField(id), record: recordField(record) };
  }
  if (frame.probeResult) {
    const { id, reached } = frame.probeResult;
    return { type: 'probe-result', id: idField(id), reached };
  }
  return readPing(frame);
}
