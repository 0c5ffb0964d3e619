/**
 * The transport between peers: gRPC over mutual TLS 1.3. This file puts its parts together; each
 * part is one kind of stream, and all of them share the listener, the bounded queues of
 * `frame-stream.ts` and the exchange of hellos of `message-stream.ts`.
 */

import { setTimeout as wait } from 'node:timers/promises';

import { type ServerWritableStream, status as Status } from '@grpc/grpc-js';

import type { Clock, Transport, TransportEvent } from '../ports.ts';
import { signEvidence } from '../wire/evidence-codec.ts';
import { signOffer } from '../wire/offer-codec.ts';
import type { PeerKey } from '../wire/peer-key.ts';
import { loadPeerProto } from '../wire/proto.ts';
import { signStatements } from '../wire/statement-codec.ts';
import { signReceipt } from '../wire/receipt-codec.ts';
import { signRecord } from '../wire/record-codec.ts';
import { fetchBlob } from './blob-fetch.ts';
import { BlobServer } from './blob-server.ts';
import { refuseCall, serverSide } from './call-sides.ts';
import { issueLeaf } from './certificate.ts';
import type { TransportContext, TransportLog } from './context.ts';
import type { CallSide, ServerCall } from './frame-stream.ts';
import type { Grid } from './grid.ts';
import type { BlobSource } from './held-blobs.ts';
import type { Identity } from './identity.ts';
import { advertisedAddresses, parseListen } from './listen-address.ts';
import { Listener } from './listener.ts';
import { OverlayStreams } from './overlay-streams.ts';
import type { PutPlaces } from './put-server.ts';
import { RequesterStreams } from './requester-streams.ts';
import { clientSecureContext, peerOfCertificate, serverTlsOptions } from './tls.ts';
import { VolunteerStreams } from './volunteer-streams.ts';

export type PeerTransportOptions = {
  /** "host:port"; port 0 takes any free one. */
  readonly listen: string;
  /** "host:port" to tell others instead of what can be seen from here; empty for the latter. */
  readonly advertise: readonly string[];
};

export type PeerTransportComponents = {
  readonly identity: Identity;
  readonly grid: Grid;
  readonly log: TransportLog;
  /** What is served to whoever knows the digest. */
  readonly blobs: BlobSource;
  /** Where large results are while volunteers bring them; absent where none are taken. */
  readonly puts?: PutPlaces;
  readonly clock: Clock;
};

const noPuts: PutPlaces = {
  isWanted: () => false,
  begin: async () => undefined,
  take: async () => undefined,
};

/** Time for streams to deliver what was sent when the transport closes. */
const closingMsMax = 1_000;

/** @throws {GridError} `usage` for addresses that won't do */
export async function createPeerTransport(
  options: PeerTransportOptions,
  components: PeerTransportComponents,
): Promise<Transport> {
  const { identity, grid, log, blobs, puts = noPuts, clock } = components;
  const listenOn = parseListen(options.listen);
  advertisedAddresses(listenOn, listenOn.port, options.advertise);
  const leaf = await issueLeaf(identity.peer, identity.key, grid, clock.unixMs());
  const credentials = { identity, grid, leaf };
  const closing = new AbortController();
  const context: TransportContext = {
    identity,
    grid,
    clientTls: clientSecureContext(credentials),
    log,
    counters: { bytesIn: 0, bytesOut: 0, handshakesRefused: 0, framesRejected: 0 },
    streams: new Set(),
    closing: closing.signal,
    emit: () => undefined,
  };
  const overlay = new OverlayStreams(context);
  const volunteers = new VolunteerStreams(context, puts);
  const requesters = new RequesterStreams(context);
  const listener = new Listener(context, serverTlsOptions(credentials));
  addServices(listener, overlay, volunteers, new BlobServer(context, blobs));

  async function listen(onEvent: (event: TransportEvent) => void): Promise<readonly string[]> {
    context.emit = onEvent;
    const port = await listener.listen(listenOn);
    return advertisedAddresses(listenOn, port, options.advertise);
  }

  async function shutDown(): Promise<void> {
    closing.abort();
    context.emit = () => undefined;
    overlay.closeAll();
    volunteers.closeAll();
    requesters.closeAll();
    const streams = [...context.streams];
    for (const stream of streams) stream.finish();
    const allOver = Promise.all(streams.map((stream) => stream.over));
    await Promise.race([allOver, wait(closingMsMax, undefined, { ref: false })]);
    for (const stream of streams) stream.cut();
    await listener.close();
  }

  let closed: Promise<void> | undefined;
  return {
    listen,
    dial: (address, expected) => overlay.dial(address, expected),
    hangUp: (peer) => overlay.hangUp(peer),
    sendOverlay: (to, message) => overlay.send(to, message),
    openWork: (requester, addresses) => requesters.open(requester, addresses),
    closeWork: (requester) => requesters.close(requester),
    sendToRequester: (to, message) => requesters.send(to, message),
    sendToVolunteer: (to, message) => volunteers.send(to, message),
    fetchBlob: (peer, addresses, blob, bytesMax, signal) =>
      fetchBlob(context, peer, addresses, blob, bytesMax, signal),
    closeVolunteer: (volunteer) => volunteers.close(volunteer),
    signOffer: (offer) => signOffer(offer, identity, identity.privateKey),
    signRecord: (record) => signRecord(record, identity, identity.privateKey),
    signReceipt: (receipt) => signReceipt(receipt, identity, identity.privateKey),
    signEvidence: (accusation) => signEvidence(accusation, identity, identity.privateKey),
    signResults: (frame) => signStatements(frame, identity, identity.privateKey),
    stats: () => {
      let framesQueued = 0;
      for (const stream of context.streams) framesQueued += stream.framesWaiting;
      return { ...context.counters, framesQueued };
    },
    close: () => (closed ??= shutDown()),
  };
}

function addServices(
  listener: Listener,
  overlay: OverlayStreams,
  volunteers: VolunteerStreams,
  blobServer: BlobServer,
): void {
  const proto = loadPeerProto();
  type Accept = (call: ServerCall, side: CallSide, peer: PeerKey) => void;
  const peerOf = (call: Pick<ServerCall, 'getAuthContext'>): PeerKey | undefined =>
    peerOfCertificate(call.getAuthContext().sslPeerCertificate);
  const accepting = (accept: Accept) => (call: ServerCall) => {
    const remote = call.getPeer();
    const side = serverSide(call, () => listener.cut(remote));
    const peer = peerOf(call);
    if (peer === undefined) side.refuse(Status.UNAUTHENTICATED, 'no certificate');
    else accept(call, side, peer);
  };
  listener.addService(proto.overlay, {
    Exchange: accepting((call, side, peer) => overlay.accept(call, side, peer)),
  });
  listener.addService(proto.work, {
    Compute: accepting((call, side, peer) => volunteers.accept(call, side, peer)),
    Put: accepting((call, side, { peer }) => volunteers.acceptPut(call, side, peer)),
  });
  listener.addService(proto.blobs, {
    Fetch: (call: ServerWritableStream<Buffer, Buffer>) => {
      const remote = call.getPeer();
      const peer = peerOf(call);
      if (peer === undefined) refuseCall(call, Status.UNAUTHENTICATED, 'no certificate');
      else blobServer.serve(call, peer.peer, () => listener.cut(remote));
    },
  });
}
