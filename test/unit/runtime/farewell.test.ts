import { setImmediate as turn } from 'node:timers/promises';

import { expect, test } from 'vitest';

import type { LocalEvent } from '../../../src/protocol/events.ts';
import { Farewell, LEAVE_GRACE_MS } from '../../../src/runtime/farewell.ts';

function leaving(isDrained: boolean) {
  const state = { isDrained, stopped: 0 };
  const events: LocalEvent[] = [];
  const farewell = new Farewell(
    { status: () => state },
    { running: [], changes: { next: async () => undefined }, refuseNew: () => undefined },
    (event) => events.push(event),
    async () => {
      state.stopped += 1;
    },
  );
  return { farewell, state, events };
}

test('who holds nothing leaves at once', async () => {
  const { farewell, state, events } = leaving(true);
  await farewell.leave();
  expect(state.stopped).toBe(1);
  expect(events).toEqual([{ type: 'leave', graceMs: LEAVE_GRACE_MS }]);
});

test('who holds something leaves when it is delivered', async () => {
  const { farewell, state } = leaving(false);
  const left = farewell.leave();
  farewell.check();
  await turn();
  expect(state.stopped).toBe(0);
  state.isDrained = true;
  farewell.check();
  await left;
  expect(state.stopped).toBe(1);
});
