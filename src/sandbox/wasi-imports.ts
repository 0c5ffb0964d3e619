/**
 * The functions that a WASI program imports: those of the library, behind a guard, and some of our
 * own. Made once for a thread and bound to one run after the other: to make them for each chunk
 * would cost as much as all the rest of a small one.
 *
 * The library decodes arguments out of the program's memory and hands them to descriptors, which
 * are all ours. What it decodes it believes, so the guard looks first: numbers are unsigned, lists
 * of buffers are short and within memory, paths are short and text. Ours are the calls that touch
 * the world (clocks, random bytes, sockets, the end), and those where the library is wrong or
 * without a bound: it counts arguments in UTF-16, closes a descriptor that is renumbered to itself,
 * never uses a descriptor's number again, copies what is written twice, and renames folders into
 * themselves.
 */

import { isUtf8 } from 'node:buffer';

import { type Fd, wasi, WASI } from '@bjorn3/browser_wasi_shim';

import { rename } from './wasi-changes.ts';
import { tickNs } from './wasi-clock.ts';
import { wasiParams } from './wasi-functions.ts';
import { OpenWasiFile } from './wasi-open-file.ts';
import { OpenWasiFolder } from './wasi-open-folder.ts';
import { pathBytesMax } from './wasi-path.ts';
import { pollOneoff } from './wasi-poll.ts';
import { programEnded, type WasiRun } from './wasi-run.ts';
import { InputPipe } from './wasi-streams.ts';
import { endOf } from './wasi-trap.ts';

/** As most systems allow a process. */
const descriptorsMax = 1024;
/** IOV_MAX of Linux. */
const buffersMax = 1024;
/** What one call may read or write: the count of bytes is 32 bits. */
const transferBytesMax = 2 ** 32 - 1;

/** Where in its parameters a function has a list of buffers: the address, then the count. */
const buffersAt: ReadonlyMap<string, number> = new Map([
  ['fd_pread', 1],
  ['fd_pwrite', 1],
  ['fd_read', 1],
  ['fd_write', 1],
]);

/** Where in its parameters a function has paths: the address, then the length. */
const pathsAt: ReadonlyMap<string, readonly number[]> = new Map([
  ['path_create_directory', [1]],
  ['path_filestat_get', [2]],
  ['path_filestat_set_times', [2]],
  ['path_link', [2, 5]],
  ['path_open', [2]],
  ['path_readlink', [1]],
  ['path_remove_directory', [1]],
  ['path_rename', [1, 4]],
  ['path_symlink', [0, 3]],
  ['path_unlink_file', [1]],
]);

const beforeMemory = new Error('called before its memory could be seen, in its start function');
const noMemory = new WebAssembly.Memory({ initial: 0, maximum: 0 });

export class WasiImports {
  readonly functions: Readonly<Record<string, (...args: unknown[]) => unknown>>;
  readonly #library: WASI;
  readonly #instance = { exports: { memory: noMemory } };
  #run: WasiRun | undefined;

  /** @param environment "NAME=value" */
  constructor(args: readonly string[], environment: readonly string[]) {
    this.#library = new WASI([...args], [...environment], [], { debug: false });
    this.#library.inst = this.#instance;
    Object.assign(this.#library.wasiImport, this.#calls(), this.#fileCalls(), noSockets);
    this.functions = Object.fromEntries(
      [...wasiParams.keys()].map((name) => [name, this.#guarded(name)]),
    );
  }

  /** Binds all functions to a run, until `unbind`. */
  bind(run: WasiRun): void {
    this.#run = run;
    this.#library.fds = run.descriptors;
  }

  /** From when on the program can be answered. */
  attach(memory: WebAssembly.Memory): void {
    if (this.#run !== undefined) this.#run.memory = memory;
    this.#instance.exports.memory = memory;
  }

  /** Keeps nothing of a run, its memory above all. */
  unbind(): void {
    this.#run = undefined;
    this.#library.fds = [];
    this.#instance.exports.memory = noMemory;
  }

  #guarded(name: string): (...args: unknown[]) => unknown {
    const call = this.#ofLibrary(name);
    const plain = name === 'fd_seek' ? plainSigned : plainUnsigned;
    const buffers = buffersAt.get(name);
    const paths = pathsAt.get(name) ?? [];
    return (...args) => {
      const run = this.#boundRun();
      try {
        if (run.ended !== undefined) throw programEnded;
        if (run.memory === undefined) throw beforeMemory;
        const values = args.map(plain);
        if (buffers !== undefined) {
          const errno = checkBuffers(
            this.#view(),
            Number(values[buffers]),
            Number(values[buffers + 1]),
          );
          if (errno !== wasi.ERRNO_SUCCESS) return errno;
        }
        for (const path of paths) {
          const errno = checkPath(
            run.memory.buffer,
            Number(values[path]),
            Number(values[path + 1]),
          );
          if (errno !== wasi.ERRNO_SUCCESS) return errno;
        }
        return call(...values);
      } catch (thrown) {
        if (thrown === programEnded) throw thrown;
        return run.end(endOf(thrown, name));
      }
    };
  }

  /** The world's. */
  #calls(): Calls {
    const { args } = this.#library;
    const argsBytes = args.reduce((sum, arg) => sum + Buffer.byteLength(arg) + 1, 0);
    return {
      args_sizes_get: (countAt: number, bytesAt: number) => {
        const view = this.#view();
        view.setUint32(countAt, args.length, true);
        view.setUint32(bytesAt, argsBytes, true);
        return wasi.ERRNO_SUCCESS;
      },
      clock_res_get: (clock: number, at: number) => {
        if (this.#boundRun().clock.now(clock) === undefined) return wasi.ERRNO_INVAL;
        this.#view().setBigUint64(at, tickNs, true);
        return wasi.ERRNO_SUCCESS;
      },
      clock_time_get: (clock: number, _precision: bigint, at: number) => {
        const ns = this.#boundRun().clock.look(clock);
        if (ns === undefined) return wasi.ERRNO_INVAL;
        this.#view().setBigUint64(at, ns, true);
        return wasi.ERRNO_SUCCESS;
      },
      poll_oneoff: (
        subscriptionsAt: number,
        eventsAt: number,
        count: number,
        eventCountAt: number,
      ) =>
        pollOneoff(
          { memory: this.#view(), subscriptionsAt, eventsAt, count, eventCountAt },
          this.#boundRun().clock,
          (fd) => this.#bytesReady(fd),
        ),
      proc_exit: (code: number) => this.#boundRun().end({ type: 'exit', code }),
      proc_raise: (signal: number) =>
        this.#boundRun().end({
          type: 'failure',
          kind: 'threw',
          message: `raised signal ${signal}`,
        }),
      random_get: (at: number, bytes: number) => {
        const { buffer } = this.#instance.exports.memory;
        if (at + bytes > buffer.byteLength) return wasi.ERRNO_FAULT;
        this.#boundRun().random.writeTo(new Uint8Array(buffer, at, bytes));
        return wasi.ERRNO_SUCCESS;
      },
      sched_yield: () => wasi.ERRNO_SUCCESS,
    };
  }

  /** Of descriptors' numbers, and between two folders. */
  #fileCalls(): Calls {
    const renumber = this.#ofLibrary('fd_renumber');
    return {
      fd_renumber: (from: number, to: number) => {
        if (from !== to) return renumber(from, to);
        return this.#library.fds[from] === undefined ? wasi.ERRNO_BADF : wasi.ERRNO_SUCCESS;
      },
      fd_pwrite: (fd: number, at: number, count: number, offset: bigint, writtenAt: number) =>
        this.#write(fd, at, count, writtenAt, (descriptor, data, done) =>
          descriptor.fd_pwrite(data, offset + BigInt(done)),
        ),
      fd_write: (fd: number, at: number, count: number, writtenAt: number) =>
        this.#write(fd, at, count, writtenAt, (descriptor, data) => descriptor.fd_write(data)),
      path_open: (
        fd: number,
        dirflags: number,
        pathAt: number,
        pathBytes: number,
        oflags: number,
        rights: bigint,
        rightsInherited: bigint,
        flags: number,
        openedAt: number,
      ) => {
        const { fds } = this.#library;
        const folder = fds[fd];
        if (folder === undefined) return wasi.ERRNO_BADF;
        const free = lowestFree(fds);
        if (free >= descriptorsMax) return wasi.ERRNO_MFILE;
        const path = this.#text(pathAt, pathBytes);
        const opened = folder.path_open(dirflags, path, oflags, rights, rightsInherited, flags);
        if (opened.fd_obj === null) return opened.ret;
        fds[free] = opened.fd_obj;
        this.#view().setUint32(openedAt, free, true);
        return wasi.ERRNO_SUCCESS;
      },
      path_rename: (
        fromFd: number,
        fromAt: number,
        fromBytes: number,
        toFd: number,
        toAt: number,
        toBytes: number,
      ) => {
        const from = this.#library.fds[fromFd];
        const to = this.#library.fds[toFd];
        if (from === undefined || to === undefined) return wasi.ERRNO_BADF;
        if (!(from instanceof OpenWasiFolder && to instanceof OpenWasiFolder)) {
          return wasi.ERRNO_NOTDIR;
        }
        const fromPath = this.#text(fromAt, fromBytes);
        return rename(from.folder, fromPath, to.folder, this.#text(toAt, toBytes));
      },
    };
  }

  #write(
    fd: number,
    at: number,
    count: number,
    writtenAt: number,
    write: (descriptor: Fd, data: Uint8Array, done: number) => ReturnType<Fd['fd_write']>,
  ): number {
    const descriptor = this.#library.fds[fd];
    if (descriptor === undefined) return wasi.ERRNO_BADF;
    const view = this.#view();
    let done = 0;
    let errno = wasi.ERRNO_SUCCESS;
    for (let pair = at; pair < at + 8 * count && errno === wasi.ERRNO_SUCCESS; pair += 8) {
      const from = view.getUint32(pair, true);
      const data = new Uint8Array(view.buffer, from, view.getUint32(pair + 4, true));
      const { ret, nwritten } = write(descriptor, data, done);
      errno = ret;
      done += nwritten;
    }
    view.setUint32(writtenAt, done, true);
    // What was written before a buffer that could not be is written.
    return done > 0 ? wasi.ERRNO_SUCCESS : errno;
  }

  #ofLibrary(name: string): Calls[string] {
    const call = this.#library.wasiImport[name];
    if (call === undefined) throw new Error(`the WASI library has no ${name}`);
    return call;
  }

  #boundRun(): WasiRun {
    if (this.#run === undefined) throw new Error('a WASI function was called outside of a run');
    return this.#run;
  }

  #bytesReady(fd: number): number | undefined {
    const descriptor = this.#library.fds[fd];
    if (descriptor instanceof InputPipe || descriptor instanceof OpenWasiFile) {
      return descriptor.bytesReady;
    }
    return descriptor === undefined ? undefined : 0;
  }

  /** To be made again for each call: it ends with the next growth of the memory. */
  #view(): DataView {
    return new DataView(this.#instance.exports.memory.buffer);
  }

  #text(at: number, bytes: number): string {
    return new TextDecoder().decode(
      new Uint8Array(this.#instance.exports.memory.buffer, at, bytes),
    );
  }
}

/** Parameters are unsigned numbers of 32 and 64 bits; results are error numbers. */
type Calls = Record<string, WASI['wasiImport'][string]>;

const noSockets: Calls = Object.fromEntries(
  ['sock_accept', 'sock_recv', 'sock_send', 'sock_shutdown'].map((name) => [
    name,
    () => wasi.ERRNO_NOTSUP,
  ]),
);

/** WebAssembly hands over i32 as signed numbers and i64 as signed bigints; WASI's are unsigned. */
function plainUnsigned(value: unknown): unknown {
  if (typeof value === 'number') return value >>> 0;
  return typeof value === 'bigint' ? BigInt.asUintN(64, value) : value;
}

/** For the one function with a signed parameter, which has 64 bits. */
function plainSigned(value: unknown): unknown {
  return typeof value === 'number' ? value >>> 0 : value;
}

function checkBuffers(view: DataView, at: number, count: number): number {
  if (count > buffersMax) return wasi.ERRNO_INVAL;
  if (at + 8 * count > view.byteLength) return wasi.ERRNO_FAULT;
  let transferBytes = 0;
  for (let pair = at; pair < at + 8 * count; pair += 8) {
    const bytes = view.getUint32(pair + 4, true);
    if (view.getUint32(pair, true) + bytes > view.byteLength) return wasi.ERRNO_FAULT;
    transferBytes += bytes;
  }
  return transferBytes > transferBytesMax ? wasi.ERRNO_INVAL : wasi.ERRNO_SUCCESS;
}

function checkPath(memory: ArrayBuffer, at: number, bytes: number): number {
  if (bytes > pathBytesMax) return wasi.ERRNO_NAMETOOLONG;
  if (at + bytes > memory.byteLength) return wasi.ERRNO_FAULT;
  const path = new Uint8Array(memory, at, bytes);
  // A decoder drops a byte order mark, so that two different names would be one.
  const marked = path[0] === 0xef && path[1] === 0xbb && path[2] === 0xbf;
  return marked || !isUtf8(path) ? wasi.ERRNO_ILSEQ : wasi.ERRNO_SUCCESS;
}

function lowestFree(descriptors: readonly (Fd | undefined)[]): number {
  const hole = descriptors.findIndex((descriptor) => descriptor === undefined);
  return hole === -1 ? descriptors.length : hole;
}
