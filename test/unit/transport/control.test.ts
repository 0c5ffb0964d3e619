import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { GridError, reasonOf } from '../../../src/model/errors.ts';
import { connectControl } from '../../../src/transport/control-client.ts';
import { type ControlServer, serveControl } from '../../../src/transport/control-server.ts';
import { digestOf } from '../../../src/wire/digest.ts';
import { aJob, aJobId, fakeControl } from '../../support/fake-control.ts';
import { gridErrorOf } from '../../support/grid-error-of.ts';

let folder: string;
let path: string;
const servers: ControlServer[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'manyhands-control-'));
  path = join(folder, 'data', 'control.sock');
});

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
  await rm(folder, { recursive: true, force: true });
});

async function serve(...args: Parameters<typeof serveControl>): Promise<ControlServer> {
  const server = await serveControl(...args);
  servers.push(server);
  return server;
}

test('a request arrives whole and its response comes back', async () => {
  let arrived: object | undefined;
  const paths = Array.from({ length: 10_000 }, (_, n) => `/a/folder/of/many/files/${n}.txt`);
  await serve(
    path,
    fakeControl({
      submit: (request) => {
        arrived = request;
        return Promise.resolve({ jobId: aJobId });
      },
    }),
  );
  const client = await connectControl(path);
  await expect(
    client.submit({ name: 'x', quorum: 2, memoryBytesMax: 2 ** 40, pieces: { files: { paths } } }),
  ).resolves.toEqual({ jobId: aJobId });
  client.close();
  expect(arrived).toMatchObject({ name: 'x', quorum: 2, memoryBytesMax: 2 ** 40, inputPath: '' });
  expect(arrived).toMatchObject({ setup: null, pieces: { kind: 'files', files: { paths } } });
});

describe('bytes to keep', () => {
  const bytes = Buffer.alloc(5_000_000, 'manyhands');
  const answer = { digest: digestOf(bytes), bytes: bytes.length };

  async function* inPieces(size: number) {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }

  test('arrive whole, however they are given', async () => {
    await serve(path, fakeControl());
    const client = await connectControl(path);
    for (const given of [bytes, inPieces(100_000), inPieces(2_000_000)]) {
      expect(await client.putBlob(given)).toEqual(answer);
    }
    expect(await client.putBlob(Buffer.of())).toEqual({ digest: digestOf(Buffer.of()), bytes: 0 });
    client.close();
  });

  test('are sent no faster than the peer takes them', async () => {
    let sent = 0;
    let took = 0;
    let aheadMax = 0;
    async function* pieces() {
      for (; sent < 200; sent++) yield Buffer.alloc(1_000_000);
    }
    await serve(
      path,
      fakeControl({
        putBlob: async (arriving) => {
          for await (const piece of arriving) {
            // As a disk does, it lets everything else have its turn.
            await nextTurn();
            took += piece.length;
            aheadMax = Math.max(aheadMax, sent - took / 1_000_000);
          }
          return answer;
        },
      }),
    );
    const client = await connectControl(path);
    await client.putBlob(pieces());
    client.close();
    expect(took).toBe(200_000_000);
    expect(aheadMax).toBeLessThan(20);
  });

  test('are refused before all have come, and no more are sent', async () => {
    let sent = 0;
    async function* endless() {
      for (;;) {
        sent += 1;
        yield Buffer.alloc(1_000_000);
      }
    }
    await serve(
      path,
      fakeControl({
        putBlob: async (pieces) => {
          for await (const _piece of pieces) throw new GridError('usage', 'That is too much.');
          return answer;
        },
      }),
    );
    const client = await connectControl(path);
    await expect(client.putBlob(endless())).rejects.toMatchObject({
      code: 'usage',
      message: 'That is too much.',
    });
    expect(sent).toBeLessThan(100);
    client.close();
  });

  test('that break off at the client end the call for both', async () => {
    const ended = Promise.withResolvers<unknown>();
    await serve(
      path,
      fakeControl({
        putBlob: async (pieces) => {
          const all = Array.fromAsync(pieces);
          ended.resolve(all.then(() => 'whole').catch(reasonOf));
          await all;
          return answer;
        },
      }),
    );
    const client = await connectControl(path);
    async function* broken() {
      yield Buffer.from('half');
      // The peer has begun to read.
      await client.status();
      throw new Error('the file is gone');
    }
    await expect(client.putBlob(broken())).rejects.toThrow('the file is gone');
    expect(await ended.promise).not.toBe('whole');
    client.close();
  });

  test('end with the peer', async () => {
    const begun = Promise.withResolvers<void>();
    const server = await serve(
      path,
      fakeControl({
        putBlob: async (pieces) => {
          for await (const _piece of pieces) begun.resolve();
          return answer;
        },
      }),
    );
    const client = await connectControl(path);
    const never = new Promise(() => {});
    async function* slow() {
      yield Buffer.from('half');
      await never;
    }
    const refused = gridErrorOf(client.putBlob(slow()));
    await begun.promise;
    await server.close();
    expect((await refused).code).toBe('no-peer-running');
    client.close();
  });
});

test('a client that does not hang up does not keep the peer from stopping', async () => {
  const server = await serve(path, fakeControl({}));
  const silent = connect({ path, allowHalfOpen: true });
  await once(silent, 'connect');
  await expect(server.close()).resolves.toBeUndefined();
  silent.destroy();
});

test('what is watched comes in order, then the call ends', async () => {
  const states = [aJob({ accepted: 1 }), aJob({ accepted: 2 }), aJob({ state: 'done' })];
  await serve(
    path,
    fakeControl({
      async *watch(request) {
        expect(request.jobId).toBe('c0ffee');
        for (const job of states) yield { job };
      },
    }),
  );
  const client = await connectControl(path);
  const seen = await Array.fromAsync(client.watch({ jobId: 'c0ffee' }));
  client.close();
  expect(seen.map(({ job }) => job)).toMatchObject(states);
});

test('a client that stops watching aborts the signal in the peer', async () => {
  const aborted = Promise.withResolvers<void>();
  await serve(
    path,
    fakeControl({
      async *watch(_request, signal) {
        signal.addEventListener('abort', () => aborted.resolve());
        yield { job: aJob() };
        await aborted.promise;
      },
    }),
  );
  const client = await connectControl(path);
  for await (const { job } of client.watch({ jobId: aJobId })) {
    expect(job).toMatchObject({ jobId: aJobId });
    break;
  }
  await aborted.promise;
  client.close();
});

test("the client's own signal ends a watch with its reason", async () => {
  await serve(
    path,
    fakeControl({
      async *watch(_request, signal) {
        yield { job: aJob() };
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      },
    }),
  );
  const client = await connectControl(path);
  const stop = new AbortController();
  const reason = new GridError('interrupted', 'enough');
  await expect(async () => {
    for await (const _response of client.watch({ jobId: aJobId }, stop.signal)) stop.abort(reason);
  }).rejects.toBe(reason);
  client.close();
});

test("the peer's GridError is thrown in the client, code and text unchanged", async () => {
  const message = 'No job "ü% 100".\n  list: 日本語 🎉';
  await serve(
    path,
    fakeControl({
      cancel: () => Promise.reject(new GridError('unknown-job', message)),
      status: () => Promise.reject(new Error('a bug')),
    }),
  );
  const client = await connectControl(path);
  const refused = client.cancel({ jobId: 'x' });
  await expect(refused).rejects.toThrow(GridError);
  await expect(refused).rejects.toMatchObject({ code: 'unknown-job', message });
  await expect(client.status()).rejects.toMatchObject({ code: 'internal', message: 'a bug' });
  await expect(Array.fromAsync(client.result({ jobId: 'x' }))).rejects.toMatchObject({
    code: 'unknown-job',
  });
  client.close();
});

test('what a handler throws before it has a promise arrives as well', async () => {
  const fail = (): never => {
    throw new GridError('unknown-job', 'No such job.');
  };
  await serve(path, fakeControl({ watch: fail, cancel: fail }));
  const client = await connectControl(path);
  const unknown = { code: 'unknown-job', message: 'No such job.' };
  await expect(client.cancel({ jobId: 'x' })).rejects.toMatchObject(unknown);
  await expect(Array.fromAsync(client.watch({ jobId: 'x' }))).rejects.toMatchObject(unknown);
  client.close();
});

test('an error longer than a header may be still arrives, cut', async () => {
  const message = '日'.repeat(100_000);
  await serve(
    path,
    fakeControl({ cancel: () => Promise.reject(new GridError('job-failed', message)) }),
  );
  const client = await connectControl(path);
  await expect(client.cancel({ jobId: 'x' })).rejects.toMatchObject({
    code: 'job-failed',
    message: message.slice(0, 4096),
  });
  client.close();
});

test('only the owner can open the socket, also under a lax umask', async () => {
  const umask = process.umask(0);
  try {
    await serve(path, fakeControl());
  } finally {
    process.umask(umask);
  }
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, 'data'))).mode & 0o777).toBe(0o700);
});

test('a second peer is told which one has the socket', async () => {
  await serve(path, fakeControl());
  const second = serveControl(path, fakeControl());
  await expect(second).rejects.toMatchObject({ code: 'peer-already-running' });
  await expect(second).rejects.toThrow(`process ${process.pid}, data folder /somewhere`);
});

test('of two peers that start at once, one gets the socket', async () => {
  const outcomes = await Promise.allSettled([
    serve(path, fakeControl()),
    serve(path, fakeControl()),
  ]);
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
    reason: { code: 'peer-already-running' },
  });
});

test('the socket of a dead peer means that none runs, and is replaced by the next', async () => {
  await leaveDeadSocket(join(folder, 'dead.sock'));
  const dead = connectControl(join(folder, 'dead.sock'));
  await expect(dead).rejects.toMatchObject({ code: 'no-peer-running' });
  await expect(dead).rejects.toThrow('manyhands join');

  await serve(join(folder, 'dead.sock'), fakeControl());
  const client = await connectControl(join(folder, 'dead.sock'));
  await expect(client.listJobs()).resolves.toEqual({ jobs: [] });
  client.close();
});

test('a file that is no socket is never removed', async () => {
  await writeFile(join(folder, 'control.sock'), 'precious');
  await expect(serveControl(join(folder, 'control.sock'), fakeControl())).rejects.toMatchObject({
    code: 'usage',
  });
  expect((await stat(join(folder, 'control.sock'))).size).toBe('precious'.length);
});

test('nobody on the socket, and no socket: no peer is running', async () => {
  await expect(connectControl(path)).rejects.toMatchObject({ code: 'no-peer-running' });
});

test('a path too long for a socket is refused with the length it may have', async () => {
  const long = join(folder, 'x'.repeat(120), 'control.sock');
  await expect(serveControl(long, fakeControl())).rejects.toThrow(/10[37]\. Choose a shorter/);
  await expect(connectControl(long)).rejects.toMatchObject({ code: 'usage' });
});

test('a folder that cannot be written is a clear error', async () => {
  await writeFile(join(folder, 'data'), 'a file where the folder should be');
  await expect(serveControl(path, fakeControl())).rejects.toMatchObject({ code: 'store-failed' });
});

test('closing ends those who watch, removes the socket and can be said twice', async () => {
  const server = await serve(
    path,
    fakeControl({
      async *watch() {
        yield { job: aJob() };
        // Deaf to its signal, which must not keep the peer from stopping.
        await new Promise(() => {});
      },
    }),
  );
  const client = await connectControl(path);
  const watched = client.watch({ jobId: aJobId })[Symbol.asyncIterator]();
  await watched.next();
  const next = watched.next();
  await Promise.all([server.close(), server.close(), expect(next).rejects.toThrow(GridError)]);
  await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(client.listJobs()).rejects.toMatchObject({ code: 'no-peer-running' });
  client.close();
});

/** A process binds the socket and is killed, as a peer by the kernel. */
async function leaveDeadSocket(at: string): Promise<void> {
  const script = `require('node:net').createServer().listen(process.argv[1], () => {
    console.log('up');
  })`;
  const owner = spawn(process.execPath, ['-e', script, at], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(owner.stdout, 'data');
  owner.kill('SIGKILL');
  await once(owner, 'close');
}
