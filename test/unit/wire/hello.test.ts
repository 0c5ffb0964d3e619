import { expect, test } from 'vitest';

import { type HelloFrame, incompatibility } from '../../../src/wire/hello.ts';

const hello: HelloFrame = {
  type: 'hello',
  protocolVersions: [1],
  features: [],
  requiredFeatures: [],
};

test('peers with a common version work together, whatever else the other offers', () => {
  expect(incompatibility(hello)).toBeUndefined();
  expect(
    incompatibility({ ...hello, protocolVersions: [1, 2, 3], features: ['wasm'] }),
  ).toBeUndefined();
});

test('without a common version the reason names the versions of both', () => {
  expect(incompatibility({ ...hello, protocolVersions: [2, 3], features: ['wasm'] })).toBe(
    'the two peers speak different protocols. This one has versions 1 and features (none), and ' +
      'requires no feature; the other has versions 2, 3 and features wasm, and requires (none). ' +
      'Update the older one',
  );
  expect(incompatibility({ ...hello, protocolVersions: [] })).toContain('has versions (none)');
});

test('a required feature that is not there is named', () => {
  expect(incompatibility({ ...hello, requiredFeatures: ['commitments'] })).toContain(
    'requires commitments',
  );
});
