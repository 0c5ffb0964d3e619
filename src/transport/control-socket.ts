/** The Unix socket of the control API: what its server and its client must agree on. */

import { once } from 'node:events';
import { connect } from 'node:net';

import type { ChannelOptions } from '@grpc/grpc-js';

import { GridError } from '../model/errors.ts';

/** Where an error's `GridErrorCode` travels, so that both ends throw the same `GridError`. */
export const codeMetadataKey = 'manyhands-code';

/**
 * Characters of an error's message that travel: gRPC sends it percent-encoded in a trailer, at most
 * 9 bytes for a UTF-16 unit, and HTTP/2 headers here end at 64 KiB.
 */
export const errorCharsMax = 4096;

/** Bytes of a socket's path, from `sockaddr_un` less its closing zero: Linux 108, macOS 104. */
const socketPathBytesMax = process.platform === 'linux' ? 107 : 103;

/** The paths of ten thousand files to submit, or the list of some thousand jobs. */
const controlMessageBytesMax = 32 * 1024 * 1024;

/** A piece of a blob that is put: few enough for a program of 26 MB, and soon hashed. */
export const putPieceBytesMax = 1024 * 1024;

export const controlChannelOptions: ChannelOptions = {
  'grpc.max_receive_message_length': controlMessageBytesMax,
  'grpc.max_send_message_length': controlMessageBytesMax,
};

/** @throws {GridError} `usage` if the operating system can't have a socket there */
function checkSocketPath(path: string): void {
  const bytes = Buffer.byteLength(path);
  if (bytes <= socketPathBytesMax) return;
  throw new GridError(
    'usage',
    `The control socket would be ${path}, which is ${bytes} bytes long; this system allows ` +
      `${socketPathBytesMax}. Choose a shorter data folder with --data.`,
  );
}

export type Presence = 'answering' | 'dead' | 'absent';

/**
 * Whether a process listens on the socket. `dead`: the file is there, its owner is not.
 * @throws {GridError} `no-peer-running` if this user may not know
 */
export async function presenceOn(path: string): Promise<Presence> {
  checkSocketPath(path);
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return 'answering';
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'absent';
    // ENOTSOCK: some other file has the name.
    if (code === 'ECONNREFUSED') return 'dead';
    throw new GridError(
      'no-peer-running',
      `Can't open the control socket ${path}: ${String(code)}. It must be a socket of a peer ` +
        'that you started yourself; give its data folder with --data.',
      { cause: error },
    );
  } finally {
    socket.destroy();
  }
}
