/** A world of real transports, over TLS on loopback. */

import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { onTestFinished } from 'vitest';

import { peerId } from '../../src/model/ids.ts';
import { startTestPeer } from './transport-peer.ts';
import type { MortalPeer, TransportWorld, WorldPeer } from './transport-world.ts';

export function realTransports(): TransportWorld {
  const news = new EventEmitter().setMaxListeners(0);
  return {
    rounds: 10,
    join: (onEvent) =>
      startTestPeer({
        onEvent: (event, transport) => {
          onEvent?.(event, transport);
          news.emit('news');
        },
      }),
    joinMortal,
    until: async (isSo) => {
      while (!isSo()) await once(news, 'news');
    },
  };
}

async function joinMortal({ peer, address }: WorldPeer): Promise<MortalPeer> {
  const file = fileURLToPath(new URL('transport-process.ts', import.meta.url));
  const child = spawn(process.execPath, [file, peer, address], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const kill = (): void => void child.kill('SIGKILL');
  onTestFinished(kill);
  const [line] = await once(createInterface(child.stdout), 'line');
  const [id = '', ownAddress = ''] = String(line).split(' ');
  return { peer: peerId(id), address: ownAddress, kill };
}
