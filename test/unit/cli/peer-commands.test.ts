import { join } from 'node:path';

import { beforeEach, describe, expect, test } from 'vitest';

import { stubDataFolder } from '../../support/cli-fixtures.ts';
import { anotherPeerId, aPeerId, servePeer } from '../../support/fake-control.ts';
import { runCli } from '../../support/run-cli.ts';
import { tempDir } from '../../support/temp-dir.ts';

let data: string;

beforeEach(() => {
  data = stubDataFolder();
});

describe('about the peer', () => {
  test('status says what it does and why', async () => {
    await servePeer(data, {
      status: () =>
        Promise.resolve({
          peerId: aPeerId,
          version: '0.1.0',
          pid: 7,
          grid: 'open grid',
          addresses: ['192.0.2.7:7420'],
          dataPath: data,
          state: 'paused',
          reason: 'its owner asked for it',
          pausedUntilMs: Date.now() + 3_600_000,
          slots: 4,
          uptimeMs: 61_000,
        }),
    });
    const { stdout } = await runCli(['status']);
    expect(stdout.toString()).toMatch(/^peer {6}abcdefgh, version 0\.1\.0, process 7$/m);
    expect(stdout.toString()).toMatch(/^state {5}paused, for .* more: its owner asked for it$/m);
    expect(JSON.parse((await runCli(['status', '--json'])).stdout.toString())).toMatchObject({
      peerId: aPeerId,
      state: 'paused',
    });
  });

  test('status says what it gives and declines, and how its sandbox fares', async () => {
    await servePeer(data, {
      status: () =>
        Promise.resolve({
          peerId: aPeerId,
          wallMsMax: 3_600_000,
          memoryBytesMax: 2 ** 30,
          declined: [{ name: 'big', reason: 'it needs 4 GiB, and this peer gives 1 GiB' }],
          sandboxRestarts: 2,
          sandboxTrouble: 'it was killed',
        }),
    });
    const { stdout } = await runCli(['status']);
    expect(stdout.toString()).toMatch(/^gives {5}a chunk up to 1 h and 1 GiB of memory$/m);
    expect(stdout.toString()).toMatch(/^declines {2}big: it needs 4 GiB, and this peer/m);
    expect(stdout.toString()).toMatch(/^sandbox {3}down: it was killed, started again 2 times$/m);
  });

  test.each([
    [{ diskBytes: 5 * 2 ** 20, diskBytesMax: 10 * 2 ** 30 }, '5 MiB used of 10 GiB'],
    [{ diskBytes: 5 * 2 ** 20 }, '5 MiB used, no limit'],
  ])('status says how much of the disk is used: %j', async (disk, text) => {
    await servePeer(data, { status: () => Promise.resolve({ peerId: aPeerId, ...disk }) });
    const { stdout } = await runCli(['status']);
    expect(stdout.toString()).toContain(`\ndisk      ${text}\n`);
  });

  test('status says why the disk keeps nothing for good, while it is so', async () => {
    const diskTrouble = 'The store in /data failed (EIO: i/o error, fdatasync); check the disk.';
    await servePeer(data, { status: () => Promise.resolve({ peerId: aPeerId, diskTrouble }) });
    const { stdout } = await runCli(['status']);
    expect(stdout.toString()).toMatch(/^syncs {5}not: The store in \/data failed \(EIO/m);
  });

  test('status is silent on a sandbox that never died and peers never parted from', async () => {
    await servePeer(data);
    const { stdout } = await runCli(['status']);
    expect(stdout.toString()).not.toMatch(/^(sandbox|declines|parted|syncs)/m);
  });

  test('status counts the peers that were parted from, by what was found out', async () => {
    const status = { peerId: aPeerId, neighbours: 5, knownPeers: 60, peersDead: 1234 };
    await servePeer(data, { status: () => Promise.resolve({ ...status, peersMisbehaved: 2 }) });
    const { stdout } = await runCli(['status']);
    expect(stdout.toString()).toMatch(/^overlay {3}5 neighbours, 60 known, 0 offers$/m);
    expect(stdout.toString()).toMatch(/^parted {4}from 1,234 dead, 2 misbehaving$/m);
  });

  test('who is refused is told with why, in the list of peers and in the status', async () => {
    const refused = 'returned a wrong result: chunk 7 of job c0ffee00';
    await servePeer(data, {
      status: () =>
        Promise.resolve({ peerId: aPeerId, refused: [{ peerId: anotherPeerId, why: refused }] }),
      listPeers: () => Promise.resolve({ peers: [{ peerId: anotherPeerId, refused }] }),
    });
    const status = (await runCli(['status'])).stdout.toString();
    expect(status).toMatch(
      /^refuses {3}bcdefghi: returned a wrong result: chunk 7 of job c0ffee00$/m,
    );
    const peers = (await runCli(['peers'])).stdout.toString();
    expect(peers).toMatch(/^bcdefghi {2}refused/m);
    expect(peers).toContain(`Refused:\nbcdefghi ${refused}\n`);
  });

  test('without any peers it says how to find some', async () => {
    await servePeer(data);
    expect((await runCli(['peers'])).stdout.toString()).toContain('manyhands join --peer');
  });

  test('peers are listed with what they are to us', async () => {
    const addresses = ['192.0.2.7:7420', '[2001:db8::7]:7420'];
    const peers = [
      { peerId: aPeerId, addresses, features: ['computes'], neighbour: true },
      { peerId: anotherPeerId, addresses: [], volunteer: true, requester: true },
    ];
    await servePeer(data, { listPeers: () => Promise.resolve({ peers }) });
    expect((await runCli(['peers'])).stdout.toString().split('\n')).toEqual([
      'PEER      ROLE                                FEATURES  ADDRESS',
      'abcdefgh  neighbour                           computes  192.0.2.7:7420, 1 more',
      'bcdefghi  computes for us, we compute for it  -         -',
      '',
    ]);
    expect(JSON.parse((await runCli(['peers', '--json'])).stdout.toString())).toMatchObject([
      { features: ['computes'] },
      { features: [] },
    ]);
  });

  test('pause, resume and finish say what comes of them', async () => {
    const asked: unknown[] = [];
    await servePeer(data, {
      pause: (request) => {
        asked.push(request.durationMs);
        return Promise.resolve({});
      },
      finish: () => Promise.resolve({ leasesHeld: 3, jobsRunning: 1 }),
    });
    expect((await runCli(['pause', '2h'])).stdout.toString()).toContain('Paused for 2 h');
    expect((await runCli(['pause'])).stdout.toString()).toContain('until `manyhands resume`');
    expect(asked).toEqual([7_200_000, 0]);
    expect((await runCli(['resume'])).stdout.toString()).toBe('Computing again\n');
    expect((await runCli(['finish'])).stdout.toString()).toContain('3 leases to return, 1 job');
    expect(JSON.parse((await runCli(['finish', '--json'])).stdout.toString())).toEqual({
      leasesHeld: 3,
      jobsRunning: 1,
    });
  });
});

test('grid create writes a grid file once', async () => {
  const file = join(tempDir(), 'our.grid');
  const made = await runCli(['grid', 'create', file, '--name', 'our lab']);
  expect(made).toMatchObject({ code: 0 });
  expect(made.stdout.toString()).toContain(`manyhands join --grid ${file}`);
  const again = await runCli(['grid', 'create', file]);
  expect(again.code).toBe(7);
});
