/**
 * The first message of both sides on every stream: what each speaks. A stream goes on only if the
 * two have a protocol version in common and each has every ability that the other requires. It says
 * nothing about the sender: who that is tells its certificate, and the rest its signed record.
 */

import { limits } from '../model/limits.ts';
import { atMost, featuresField, type Shape } from './bounds.ts';
import type { Hello as HelloProto, Hello__Output } from './generated/manyhands/v1/Hello.ts';

export type HelloFrame = {
  readonly type: 'hello';
  readonly protocolVersions: readonly number[];
  readonly features: readonly string[];
  readonly requiredFeatures: readonly string[];
};

/** The protocol versions of `proto/manyhands`: v1. */
const ourVersions: readonly number[] = [1];
/** No ability is optional yet. */
const ourFeatures: readonly string[] = [];

/** What this peer says. */
export function ourHello(): HelloProto {
  return {
    protocolVersions: [...ourVersions],
    features: [...ourFeatures],
    requiredFeatures: [],
  };
}

/** Versions to come in the next decades; a bound for the frame, not a plan. */
const versionsMax = 32;

export const helloShape: Shape = {
  counts: { 1: versionsMax, 2: limits.featuresMax, 3: limits.featuresMax },
};

export function readHello(hello: Hello__Output): HelloFrame {
  return {
    type: 'hello',
    protocolVersions: atMost(hello.protocolVersions, versionsMax, 'protocol_versions'),
    features: featuresField(hello.features, 'features'),
    requiredFeatures: featuresField(hello.requiredFeatures, 'required_features'),
  };
}

/** Why the two can't work together, naming both sides; undefined if they can. */
export function incompatibility(theirs: HelloFrame): string | undefined {
  const version = theirs.protocolVersions.some((theirs) => ourVersions.includes(theirs));
  const features = theirs.requiredFeatures.every((feature) => ourFeatures.includes(feature));
  if (version && features) return undefined;
  return (
    'the two peers speak different protocols. ' +
    `This one has versions ${listed(ourVersions)} and features ${listed(ourFeatures)}, ` +
    'and requires no feature; ' +
    `the other has versions ${listed(theirs.protocolVersions)} ` +
    `and features ${listed(theirs.features)}, ` +
    `and requires ${listed(theirs.requiredFeatures)}. Update the older one`
  );
}

function listed(items: readonly (string | number)[]): string {
  return items.length === 0 ? '(none)' : items.join(', ');
}
