import { expect, test } from 'vitest';

import { loadControl, loadPeerProto } from '../../../src/wire/proto.ts';

test('messages are delivered as the generated types say', () => {
  const { work, resultStatement, offer } = loadPeerProto();
  const ask = { ask: { jobId: Buffer.from('ab', 'hex'), count: 0 } };
  // Absent numbers are 0, bytes are a Buffer, and the oneof names its case.
  expect(work.Compute.requestDeserialize(work.Compute.requestSerialize(ask))).toEqual({
    ...ask,
    message: 'ask',
  });
  // Empty repeated fields are arrays, enums are strings, 64-bit numbers are numbers.
  expect(resultStatement.deserialize(Buffer.alloc(0)).replicas).toEqual([]);
  expect(offer.deserialize(offer.serialize({ sequence: 2 ** 40 }))).toMatchObject({
    runtime: 'RUNTIME_UNSPECIFIED',
    sequence: 2 ** 40,
    limits: null,
  });
});

test('the control service is loaded apart from those between peers', () => {
  expect(loadControl()['Submit']?.path).toBe('/manyhands.control.v1.Control/Submit');
  expect(
    Object.keys(loadPeerProto().definition).filter((name) => name.includes('control')),
  ).toEqual([]);
});
