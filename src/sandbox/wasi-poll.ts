/**
 * `poll_oneoff`, with which a WASI program waits. It never does: a file or stream is ready as it
 * is, and if only clocks are waited for, the nearest moment comes at once.
 *
 * Written anew: the library takes one subscription at a time, of clocks only, waits for it in a
 * loop on the real clock, and reads its flags from the wrong place. After
 * `wasi_snapshot_preview1.witx`.
 */

import { wasi } from '@bjorn3/browser_wasi_shim';

import type { WasiClock } from './wasi-clock.ts';

/** Four for each descriptor that a program can have open. A guess. */
const subscriptionsMax = 4096;
const subscriptionBytes = 48;
const eventBytes = 32;

export type PollCall = {
  readonly memory: DataView;
  readonly subscriptionsAt: number;
  readonly eventsAt: number;
  readonly count: number;
  readonly eventCountAt: number;
};

type ClockWait = { readonly userdata: bigint; readonly waitNs: bigint };

/**
 * @param bytesReady of a descriptor, undefined for one that isn't open
 * @returns a WASI error number
 */
export function pollOneoff(
  call: PollCall,
  clock: WasiClock,
  bytesReady: (fd: number) => number | undefined,
): number {
  const { memory, subscriptionsAt, eventsAt, count, eventCountAt } = call;
  if (count === 0 || count > subscriptionsMax) return wasi.ERRNO_INVAL;
  const events = new Events(memory, eventsAt);
  const waits: ClockWait[] = [];
  for (let at = subscriptionsAt; at < subscriptionsAt + count * subscriptionBytes;) {
    const userdata = memory.getBigUint64(at, true);
    const type = memory.getUint8(at + 8);
    if (type === wasi.EVENTTYPE_CLOCK) {
      const waitNs = readWaitNs(memory, at, clock);
      if (waitNs === undefined) events.add({ userdata, type, errno: wasi.ERRNO_INVAL });
      else waits.push({ userdata, waitNs });
    } else if (type === wasi.EVENTTYPE_FD_READ || type === wasi.EVENTTYPE_FD_WRITE) {
      const bytes = bytesReady(memory.getUint32(at + 16, true));
      const errno = bytes === undefined ? wasi.ERRNO_BADF : wasi.ERRNO_SUCCESS;
      events.add({ userdata, type, errno, bytes: bytes ?? 0 });
    } else {
      return wasi.ERRNO_INVAL;
    }
    at += subscriptionBytes;
  }
  let waitNs = waits.reduce(
    (least, wait) => (wait.waitNs < least ? wait.waitNs : least),
    foreverNs,
  );
  if (events.count > 0) waitNs = 0n;
  clock.sleep(waits.length > 0 ? waitNs : 0n);
  for (const { userdata } of waits.filter((wait) => wait.waitNs <= waitNs)) {
    events.add({ userdata, type: wasi.EVENTTYPE_CLOCK, errno: wasi.ERRNO_SUCCESS });
  }
  memory.setUint32(eventCountAt, events.count, true);
  return wasi.ERRNO_SUCCESS;
}

/** More than any wait. */
const foreverNs = 2n ** 64n;

/** How long until a clock subscription is due; undefined for clocks that nobody can wait for. */
function readWaitNs(memory: DataView, at: number, clock: WasiClock): bigint | undefined {
  const id = memory.getUint32(at + 16, true);
  const timeoutNs = memory.getBigUint64(at + 24, true);
  const flags = memory.getUint16(at + 40, true);
  if (id !== wasi.CLOCKID_REALTIME && id !== wasi.CLOCKID_MONOTONIC) return undefined;
  if ((flags & wasi.SUBCLOCKFLAGS_SUBSCRIPTION_CLOCK_ABSTIME) === 0) return timeoutNs;
  const waitNs = timeoutNs - (clock.now(id) ?? 0n);
  return waitNs > 0n ? waitNs : 0n;
}

type PollEvent = {
  readonly userdata: bigint;
  readonly type: number;
  readonly errno: number;
  readonly bytes?: number;
};

class Events {
  readonly #memory: DataView;
  readonly #at: number;
  count = 0;

  constructor(memory: DataView, at: number) {
    this.#memory = memory;
    this.#at = at;
  }

  add({ userdata, type, errno, bytes = 0 }: PollEvent): void {
    const at = this.#at + this.count * eventBytes;
    this.#memory.setBigUint64(at, userdata, true);
    this.#memory.setBigUint64(at + 8, BigInt(errno) | (BigInt(type) << 16n), true);
    this.#memory.setBigUint64(at + 16, BigInt(bytes), true);
    this.#memory.setBigUint64(at + 24, 0n, true);
    this.count += 1;
  }
}
