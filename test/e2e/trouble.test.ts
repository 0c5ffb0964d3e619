/**
 * What goes wrong around a peer: nobody answers, a stranger shouts, the disk is full, the power
 * fails. The peer says what it is, and goes on.
 */

import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';

import { status as Status } from '@grpc/grpc-js';
import { expect, onTestFinished, test, type TestContext } from 'vitest';

import { createGridFile } from '../../src/transport/grid.ts';
import { loadPeerProto } from '../../src/wire/proto.ts';
import { jobState, manyhands, type PeerProcess, startPeer } from '../support/grid-process.ts';
import { spawnPeer } from '../support/peer-process.ts';
import { expectGoesOn, squares, squaresDone, submitSquares } from '../support/small-job.ts';
import { tempDir } from '../support/temp-dir.ts';
import { runTool } from '../support/tools.ts';
import {
  closeOf,
  overlayStream,
  strangerClient,
  strangerHello,
  StrangerStream,
} from '../support/transport-peer.ts';

test('a peer to join through that is not there yet is told of, and tried until it is', async () => {
  const later = `127.0.0.1:${await freePort()}`;
  const early = await startPeer({ args: ['--peer', later] });
  expect(await early.logged(/could not join/)).toContain(
    `could not join through ${later}: connection refused: nothing listens there; it is tried again`,
  );
  await expectGoesOn(early);
  const late = await startPeer({ args: ['--listen', later] });
  await early.logged(/neighbour up/);
  await squaresDone(early, await submitSquares(early, { count: 20, quorum: 2 }), 20);
  await expectGoesOn(late);
});

test('peers of two private grids refuse each other in words, and work with their own', async () => {
  const folder = tempDir();
  const gridFile = async (name: string): Promise<string> => {
    const file = join(folder, `${name}.grid`);
    await createGridFile(file, name, Date.now());
    return file;
  };
  const [lab, club] = await Promise.all([gridFile('lab'), gridFile('club')]);
  const inLab = await startPeer({ args: ['--grid', lab] });
  const inClub = await startPeer({ args: ['--grid', club], through: [inLab] });
  expect(await inClub.logged(/could not join/)).toMatch(
    /it belongs to another grid: its certificate is not one of grid \\"club\\"/,
  );
  expect(await inLab.logged(/refused a connection/)).toMatch(
    /it belongs to another grid than grid \\"lab\\"/,
  );
  const friends = await Promise.all([
    startPeer({ args: ['--grid', lab], through: [inLab] }),
    startPeer({ args: ['--grid', club], through: [inClub] }),
  ]);
  await Promise.all(friends.map((friend) => friend.logged(/neighbour up/)));
  for (const peer of [inLab, inClub]) {
    await squaresDone(peer, await submitSquares(peer, { count: 20, quorum: 2 }), 20);
  }
});

test('after a power failure the socket that is left is no peer, and the folder is', async () => {
  const data = tempDir();
  const before = await spawnPeer({ dataPath: data });
  const jobId = await submitSquares(before, { count: 10 });
  await squaresDone(before, jobId, 10);
  await before.end();
  const asked = await manyhands(['status', '--data', data]);
  expect(asked).toMatchObject({ code: 8, stdout: '' });
  expect(asked.stderr).toMatch(/^error: No peer is running here: .* `manyhands join`.*\n$/);
  const after = await spawnPeer({ dataPath: data });
  onTestFinished(() => after.end());
  expect(after.peer).toBe(before.peer);
  await squaresDone(after, jobId, 10);
  await expectGoesOn(after);
});

test('with a full disk jobs fail and say so, and with room again they do not', async (ctx) => {
  const peer = await startPeerOnSmallDisk(ctx);
  const health = async (): Promise<number> =>
    (await fetch(`${await metricsOf(peer)}/healthz`)).status;
  await expectGoesOn(peer);
  expect(await health()).toBe(200);
  const ballast = join(peer.dataPath, 'ballast');
  expect(() => writeFileSync(ballast, new Uint8Array(2 ** 25))).toThrow('ENOSPC');
  const refused = await manyhands(['--data', peer.dataPath, 'submit', squares]);
  expect(refused).toMatchObject({ code: 13, stdout: '' });
  expect(refused.stderr).toMatch(/^error: There is no space left on the disk .*; free some.*\n$/);
  await expect.poll(health).toBe(503);

  writeFileSync(ballast, new Uint8Array(20 * 2 ** 20));
  const failed = await manyhands(['--data', peer.dataPath, 'submit', bulky(), '--trust', 'all']);
  expect(failed).toMatchObject({ code: 4, stdout: '' });
  expect(failed.stderr).toMatch(/^error: The job failed\. There is no space left [^.]*\.\n$/m);
  const [job] = (await peer.control.listJobs()).jobs;
  expect(job).toMatchObject({ name: 'bulky', state: 'failed' });

  await rm(ballast);
  await expect.poll(health).toBe(200);
  await expectGoesOn(peer);
});

test('strangers with malformed and oversized frames do a running job no harm', async () => {
  const peer = await startPeer();
  const count = 100;
  const jobId = await submitSquares(peer, { count, work: 500_000 });
  await jobState(peer.control, jobId, ({ accepted }) => accepted > 0);
  await peer.control.pause({ durationMs: 0 });

  const [host = '', port = ''] = peer.address.split(':');
  const socket = connect(Number(port), host);
  socket.end('GET / HTTP/1.0\r\n\r\n');
  socket.resume();
  await closeOf(socket);
  const { work } = loadPeerProto();
  const stranger = await strangerClient(peer);
  for (const [bytes, code] of [
    [Buffer.from([0xff, 0xff]), Status.INVALID_ARGUMENT],
    [Buffer.alloc(2 ** 23), Status.RESOURCE_EXHAUSTED],
  ] as const) {
    for (const stream of [
      overlayStream(stranger),
      new StrangerStream(stranger, work.Compute.path, work.Compute.responseDeserialize),
    ]) {
      stream.send(bytes);
      expect((await stream.status()).code).toBe(code);
    }
  }
  const greeted = overlayStream(stranger);
  greeted.send(strangerHello);
  await greeted.message(0);
  greeted.send(Buffer.from([0xff, 0xff]));
  expect((await greeted.status()).code).toBe(Status.INVALID_ARGUMENT);
  expect(await peer.logged(/refused a connection/)).toContain('no manyhands peer');
  await peer.logged(/ended a stream/);

  await peer.control.resume();
  await squaresDone(peer, jobId, count);
});

/** A peer whose data folder is a disk of 24 MiB, which ends with its mount namespace. */
async function startPeerOnSmallDisk(ctx: TestContext): Promise<PeerProcess> {
  const dataPath = tempDir();
  const isolated = ['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c'];
  const mounted = 'mount -t tmpfs -o size=24m none "$0" && exec "$@"';
  const [command = '', ...args] = isolated;
  const tried = runTool(command, [...args, mounted, dataPath, 'true']);
  if (tried?.status !== 0) {
    const reason = tried === undefined ? 'unshare is missing' : tried.stderr.trim();
    ctx.skip(`no small disk can be mounted here: ${reason}`);
  }
  const peer = await spawnPeer({
    dataPath,
    wrapper: [...isolated, mounted, dataPath],
    seenAt: (pid) => join(`/proc/${pid}/root`, dataPath),
    args: ['--metrics', '127.0.0.1:0'],
  });
  onTestFinished(() => peer.end());
  return peer;
}

/** A job whose results need 20 MB. */
function bulky(): string {
  const path = join(tempDir(), 'bulky.ts');
  writeFileSync(
    path,
    `export function* split() { for (let n = 0; n < 100; n++) yield n; }
     export function compute(n: number) { return String.fromCharCode(65 + n).repeat(200_000); }
     export async function merge(results: AsyncIterable<string>) {
       for await (const result of results);
     }`,
  );
  return path;
}

async function metricsOf({ control }: PeerProcess): Promise<string> {
  return `http://${(await control.status()).metricsAddress}`;
}

/**
 * One that nothing listens on, and that nobody is given who asks for any: those begin at 32768 on
 * Linux, and at 49152 elsewhere.
 */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_768);
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    server.close();
    if (!isFree) continue;
    await once(server, 'close');
    return port;
  }
}
