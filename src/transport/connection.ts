/**
 * An outgoing connection to one peer. It is verified during the TLS handshake: the certificate is
 * the grid's, and its key is that of the peer meant. Each is used for one purpose and closed after;
 * gRPC's own reconnecting would bring back a connection behind the machines' backs.
 */

import {
  type ChannelOptions,
  Client,
  credentials,
  Metadata,
  status as Status,
} from '@grpc/grpc-js';

import { type PeerId, short } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import { parseAddress } from '../wire/address.ts';
import type { PeerKey } from '../wire/peer-key.ts';
import { leafDnsName } from './certificate.ts';
import type { TransportContext } from './context.ts';
import { handshakeReason, peerOfCertificate } from './tls.ts';
import type { ClientCall } from './frame-stream.ts';

/** Time to connect and complete TLS; a machine that is up answers in a fraction of it. */
const connectMsMax = 5_000;

/** Both sides: the loss of a silent machine is noticed within 20 s. */
export const channelOptions: ChannelOptions = {
  // The slack lets a frame a little too large reach the codecs, whose refusal says more.
  'grpc.max_receive_message_length': limits.frameBytesMax + 64 * 1024,
  'grpc.max_send_message_length': limits.frameBytesMax,
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 10_000,
  // The default of 64 KiB allows 1.3 MB/s at 50 ms; this 20, and costs at most so much a stream.
  'grpc-node.flow_control_window': 1024 * 1024,
  'grpc.enable_channelz': 0,
};

const clientOptions: ChannelOptions = {
  ...channelOptions,
  'grpc.ssl_target_name_override': leafDnsName,
  'grpc.default_authority': leafDnsName,
  'grpc.use_local_subchannel_pool': 1,
  // Retries buffer what was sent, which would hide that the other side doesn't read.
  'grpc.enable_retries': 0,
  // After a failure grpc-js connects once more when this has passed, although the client was
  // closed; such a connection is refused here, and the other side should not be bothered soon.
  'grpc.initial_reconnect_backoff_ms': 600_000,
  'grpc.max_reconnect_backoff_ms': 600_000,
  // Strangers' addresses are not to be looked up for TXT records, nor asked of a proxy.
  'grpc.service_config_disable_resolution': 1,
  'grpc.enable_http_proxy': 0,
};

/** Messages stay bytes in gRPC: `wire/` decodes, bounds and refuses them. */
export function asBytes(bytes: Buffer): Buffer {
  return bytes;
}

export class Connection {
  readonly #context: TransportContext;
  readonly #client: Client;
  readonly #address: string;
  readonly #onVerified: (peer: PeerKey) => void;
  readonly #timer: NodeJS.Timeout;
  #expected: PeerId | undefined;
  /** Why this side refuses the other, when it does. */
  #refusal: string | undefined;
  #isVerified = false;
  #isClosed = false;

  /**
   * Connects with its first call.
   * @param expected undefined to accept any peer of the grid
   * @param onVerified once, when the other side has proven who it is; not if it is refused
   */
  constructor(
    context: TransportContext,
    address: string,
    expected: PeerId | undefined,
    onVerified: (peer: PeerKey) => void,
  ) {
    this.#context = context;
    this.#address = address;
    this.#expected = expected;
    this.#onVerified = onVerified;
    const secure = credentials.createFromSecureContext(context.clientTls, {
      checkServerIdentity: (_name, certificate) => this.#check(peerOfCertificate(certificate)),
    });
    // The scheme is given, since "unix:1234" and "xds:1" would pass as addresses too.
    this.#client = new Client(`dns:///${address}`, secure, clientOptions);
    this.#timer = setTimeout(() => this.#giveUp(), connectMsMax);
  }

  /** Opens a bidirectional stream of bytes. */
  openStream(path: string): ClientCall {
    return this.#client.makeBidiStreamRequest(path, asBytes, asBytes, new Metadata());
  }

  /** The client, for other kinds of calls. */
  get client(): Client {
    return this.#client;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#isClosed = true;
    this.#client.close();
  }

  /** Why the connection could not be used, for a person, given how its call ended. */
  reasonOf(details: string, code: Status | undefined): string {
    if (this.#refusal !== undefined) return this.#refusal;
    if (code !== Status.UNAVAILABLE) return details;
    if (this.#isVerified) return 'the connection was lost';
    const { host } = parseAddress(this.#address) ?? { host: this.#address };
    if (/ECONNREFUSED/.test(details)) return 'connection refused: nothing listens there';
    if (/ENOTFOUND|EAI_AGAIN|name resolution|no addresses/i.test(details)) {
      return `the name ${host} was not found`;
    }
    if (/EHOSTUNREACH|ENETUNREACH|EACCES|EADDRNOTAVAIL|EINVAL/.test(details)) {
      return 'there is no way to that address from here';
    }
    if (/ETIMEDOUT/.test(details)) return timedOut;
    const [, last = details] = /Last error: (.*?)(?:\. Resolution note:.*)?$/.exec(details) ?? [];
    return `it ${handshakeReason(last.replace(timestamp, ''), undefined, this.#context.grid)}`;
  }

  #check(key: PeerKey | undefined): Error | undefined {
    this.#refusal ??= this.#refusalOf(key);
    if (this.#refusal !== undefined || key === undefined) {
      // Before gRPC hears of it, which would have it try again.
      this.#client.close();
      return new Error(this.#refusal);
    }
    // The name may lead to several machines; the first that proves itself is the one.
    this.#expected = key.peer;
    if (!this.#isVerified) {
      this.#isVerified = true;
      clearTimeout(this.#timer);
      queueMicrotask(() => this.#onVerified(key));
    }
    return undefined;
  }

  #refusalOf(key: PeerKey | undefined): string | undefined {
    if (this.#isClosed) return 'this side closed the connection';
    if (key === undefined) return "its certificate's key is not an ECDSA P-256 key";
    if (key.peer === this.#context.identity.peer) return 'it is this peer itself';
    if (this.#expected === undefined || key.peer === this.#expected) return undefined;
    return `it is another peer: ${short(key.peer)}, not ${short(this.#expected)}`;
  }

  #giveUp(): void {
    this.#refusal ??= timedOut;
    // Ends the calls, which then ask for the reason.
    this.#client.close();
  }
}

const timedOut = `timed out: no answer within ${connectMsMax / 1000} s`;

/** grpc-js puts the time of day behind an error's text. */
const timestamp = / \(\d{4}-\d\d-\d\dT[\d:.]+Z\)/;
