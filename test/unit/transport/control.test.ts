import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { GridError } from '../../../src/model/errors.ts';
import { connectControl } from '../../../src/transport/control-client.ts';
import { type ControlServer, serveControl } from '../../../src/transport/control-server.ts';
import { aJob, aJobId, fakeControl } from '../../support/fake-control.ts';

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
  const program = new Uint8Array(6 * 1024 * 1024).fill(7);
  let arrived: { program: Buffer } | undefined;
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
    client.submit({ name: 'x', program, paramsJson: '{}', quorum: 2, memoryBytesMax: 2 ** 40 }),
  ).resolves.toEqual({ jobId: aJobId });
  client.close();
  expect(arrived).toMatchObject({ name: 'x', quorum: 2, memoryBytesMax: 2 ** 40, inputPath: '' });
  expect(arrived?.program.equals(program)).toBe(true);
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
