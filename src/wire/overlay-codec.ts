/**
 * Overlay messages: bytes <-> model. Both directions carry the same frame in different wrappers.
 */

import { unreachable } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import type { OverlayMessage } from '../model/messages.ts';
import {
  addressesField,
  atMost,
  type Decoded,
  decoding,
  parse,
  peerIdField,
  type Shape,
  Violation,
} from './bounds.ts';
import type { Gossip__Output } from './generated/manyhands/v1/Gossip.ts';
import type { OverlayFrame, OverlayFrame__Output } from './generated/manyhands/v1/OverlayFrame.ts';
import { type HelloFrame, helloShape, ourHello, readHello } from './hello.ts';
import { readSignedOffer } from './offer-codec.ts';
import { loadPeerProto } from './proto.ts';

/** Which wrapper: requests go from the peer that dialled, responses to it. */
export type OverlaySide = 'dialler' | 'dialled';

export function encodeOverlayHello(from: OverlaySide, addresses: readonly string[]): Buffer {
  return serialize(from, { hello: ourHello(addresses) });
}

/** What goes over the bounds that the receiver checks is cut: surplus peers and addresses. */
export function encodeOverlay(from: OverlaySide, message: OverlayMessage): Buffer {
  switch (message.type) {
    case 'peers': {
      const peers = message.peers.slice(0, limits.peersPerFrameMax).map((record) => ({
        peerId: record.peer,
        addresses: record.addresses.slice(0, limits.peerAddressesMax),
      }));
      return serialize(from, { peers: { peers } });
    }
    case 'gossip':
      return serialize(from, { gossip: { offer: message.offer.signed } });
    case 'refuse':
      return serialize(from, { refuse: {} });
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
    const { frame } = parse(bytes, exchangeShape, deserialize);
    return frame === null ? undefined : readFrame(frame);
  });
}

const peersShape: Shape = {
  counts: { 1: limits.peersPerFrameMax },
  nested: { 1: { counts: { 2: limits.peerAddressesMax } } },
};
const exchangeShape: Shape = { nested: { 1: { nested: { 1: helloShape, 2: peersShape } } } };

function readFrame(frame: OverlayFrame__Output): HelloFrame | OverlayMessage | undefined {
  if (frame.hello) return readHello(frame.hello);
  if (frame.peers) {
    const records = atMost(frame.peers.peers, limits.peersPerFrameMax, 'peers');
    return {
      type: 'peers',
      peers: records.map(({ peerId, addresses }) => ({
        peer: peerIdField(peerId),
        addresses: addressesField(addresses),
      })),
    };
  }
  if (frame.gossip) return readGossip(frame.gossip);
  return frame.refuse ? { type: 'refuse' } : undefined;
}

function readGossip(gossip: Gossip__Output): OverlayMessage | undefined {
  if (gossip.offer === null) throw new Violation('gossip has no offer');
  const offer = readSignedOffer(gossip.offer);
  return offer === undefined ? undefined : { type: 'gossip', offer };
}
