import { networkInterfaces } from 'node:os';

import { expect, test } from 'vitest';

import { times } from '../../support/wire-samples.ts';
import {
  advertisedAddresses,
  listenError,
  parseListen,
} from '../../../src/transport/listen-address.ts';

test('a concrete host is told as it is, with the port that was bound', () => {
  expect(advertisedAddresses(parseListen('example.org:0'), 7001, [])).toEqual(['example.org:7001']);
  expect(advertisedAddresses(parseListen('[::1]:0'), 7001, [])).toEqual(['[::1]:7001']);
});

test('listening everywhere tells the addresses of the interfaces, and loopback last', () => {
  const expected = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4')
    .map(({ address }) => `${address}:7000`);
  expect(advertisedAddresses(parseListen('0.0.0.0:7000'), 7000, [])).toEqual([
    ...expected.slice(0, 7),
    '127.0.0.1:7000',
  ]);
  expect(advertisedAddresses(parseListen('[::]:7000'), 7000, []).at(-1)).toBe('127.0.0.1:7000');
});

test('what the owner says overrides what can be seen from here', () => {
  expect(advertisedAddresses(parseListen('0.0.0.0:7000'), 7000, ['public.example:443'])).toEqual([
    'public.example:443',
  ]);
});

test.each(['', 'host', ':7000', 'host:70000', '::1:7000'])('%j is nowhere to listen', (text) => {
  expect(() => parseListen(text)).toThrow(expect.objectContaining({ code: 'usage' }));
});

test('addresses that nobody could dial are not told', () => {
  const listen = parseListen('0.0.0.0:7000');
  for (const advertise of [['host'], ['host:0'], times(9, 'host:1')]) {
    expect(() => advertisedAddresses(listen, 7000, advertise)).toThrow(
      expect.objectContaining({ code: 'usage' }),
    );
  }
});

test('a taken port and an impossible address are told apart', () => {
  const taken = Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE' });
  const absent = Object.assign(new Error('listen EADDRNOTAVAIL'), { code: 'EADDRNOTAVAIL' });
  const listen = parseListen('10.0.0.1:7000');
  expect(listenError(listen, taken)).toMatchObject({
    code: 'port-taken',
    message: expect.stringContaining('Port 7000 of 10.0.0.1 is taken'),
  });
  expect(listenError(listen, absent)).toMatchObject({
    code: 'usage',
    message: expect.stringContaining("can't listen on 10.0.0.1:7000"),
  });
});
