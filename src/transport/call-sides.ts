/** How a stream is ended from its two sides: only servers can say why. */

import type { status as Status } from '@grpc/grpc-js';

import type { Connection } from './connection.ts';
import type { CallSide, ClientCall, ServerCall } from './frame-stream.ts';

/** A client's reason stays in its own log: the protocol has no place for it. */
export function clientSide(call: ClientCall, connection: Connection): CallSide {
  return {
    role: 'client',
    refuse: () => call.cancel(),
    cut: () => call.cancel(),
    release: () => connection.close(),
  };
}

/**
 * @param cutConnection ends the connection that the call came on, for want of a way to end a call
 */
export function serverSide(call: ServerCall, cutConnection: () => void): CallSide {
  return {
    role: 'server',
    refuse: (code: Status, details: string) => refuseCall(call, code, details),
    cut: cutConnection,
    release: () => undefined,
  };
}

/** How grpc-js has a handler end a stream with a status. */
export function refuseCall(call: Pick<ServerCall, 'emit'>, code: Status, details: string): void {
  call.emit('error', Object.assign(new Error(details), { code, details }));
}
