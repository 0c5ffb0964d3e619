import { describe, expect, test } from 'vitest';

import { nextStage, Suspects, type Work } from '../../../src/sandbox/suspects.ts';

type Named = Work & { readonly name: string };

/** "b0" is a batch at stage 0, "c1" a check at stage 1, "s0" a step. */
function works(names: string): Named[] {
  const kinds = { b: 'chunks', c: 'check', s: 'step' } as const;
  return names.split(' ').map((name) => {
    const kind = name.startsWith('b') ? kinds.b : name.startsWith('c') ? kinds.c : kinds.s;
    const stage = name[1] === '2' ? 2 : name[1] === '1' ? 1 : 0;
    return { name, kind, stage };
  });
}

function started(suspects: Suspects<Named>): string {
  const names = [];
  for (let work = suspects.next(); work !== undefined; work = suspects.next()) {
    names.push(work.name);
  }
  return names.join(' ');
}

function suspectsWith(names: string, slots = 2): Suspects<Named> {
  const suspects = new Suspects<Named>(slots);
  for (const work of works(names)) suspects.add(work);
  return suspects;
}

describe('what may run at a time', () => {
  test.each([
    ['twice as many batches as threads', 'b0 b0 b0 b0 b0', 'b0 b0 b0 b0'],
    ['two checks, whatever the number of threads', 'c0 c0 c0', 'c0 c0'],
    ['all steps', 's0 s0 s0', 's0 s0 s0'],
    ['batches, checks and steps beside each other', 's0 c0 b0', 'b0 c0 s0'],
    ['one suspected chunk a thread, and no batch or step beside', 'b0 s0 b1 b1 b1', 'b1 b1'],
    ['suspected chunks beside checks', 'c0 b1 c1', 'b1 c1 c0'],
    ['what is suspected more by itself', 'b0 c0 s0 b1 b2 c2', 'b2'],
    ['nothing', 's0', 's0'],
  ])('is %s', (_what, waiting, running) => {
    expect(started(suspectsWith(waiting))).toBe(running);
  });

  test('grows as things end, the more suspected first', () => {
    const suspects = suspectsWith('b0 b1 b1 b1 b2 b2');
    const order = [];
    for (let names = started(suspects); names !== ''; names = started(suspects)) {
      order.push(names);
      for (const work of suspects.running) suspects.ended(work);
    }
    expect(order).toEqual(['b2', 'b2', 'b1 b1', 'b1', 'b0']);
    expect(suspects.waiting('chunks')).toBe(0);
  });

  test('is nothing beside a chunk that runs alone', () => {
    const suspects = suspectsWith('b2');
    expect(started(suspects)).toBe('b2');
    for (const work of works('b0 b1 b2 c0 s0')) suspects.add(work);
    expect(started(suspects)).toBe('');
  });
});

describe('when the process dies', () => {
  test.each([
    ['a batch alone, never seen at a death before', 'b0', undefined, 'b0'],
    ['a suspected chunk alone', 'b1', 'b1', ''],
    ['a chunk run by itself', 'b2', 'b2', ''],
    ['a suspected check alone', 'c1', 'c1', ''],
    ['two suspected chunks', 'b1 b1', undefined, 'b1 b1'],
    ['a suspected chunk beside a check', 'b1 c0', undefined, 'b1 c0'],
    ['a step alone', 's0', undefined, 's0'],
  ])('%s is judged', (_what, running, culprit, others) => {
    const suspects = suspectsWith(running);
    started(suspects);
    const verdict = suspects.died();
    expect(verdict.culprit?.name).toBe(culprit);
    expect(verdict.others.map(({ name }) => name).join(' ')).toBe(others);
    expect(suspects.running.size).toBe(0);
  });

  test('what waits is not suspected', () => {
    const suspects = suspectsWith('b0 b0 b0 b0 b0');
    started(suspects);
    expect(suspects.died().others).toHaveLength(4);
    expect(started(suspects)).toBe('b0');
  });

  test('a culprit among any number is found, and nobody else is blamed', () => {
    for (const slots of [1, 2, 3, 8]) {
      for (const others of [0, 1, 5, 20]) expect(blamed(slots, others)).toEqual(['culprit']);
    }
  });
});

/** Runs batches of one chunk, of which one takes the process down each time that it runs. */
function blamed(slots: number, others: number): string[] {
  const suspects = new Suspects<Named>(slots);
  const names = Array.from({ length: others }, (_, n) => `${n}`);
  names.splice(others / 2, 0, 'culprit');
  for (const name of names) suspects.add({ name, kind: 'chunks', stage: 0 });
  const blamed = [];
  const done = [];
  while (suspects.waiting('chunks') > 0) {
    started(suspects);
    if (suspects.running.values().some(({ name }) => name === 'culprit')) {
      const { culprit, others } = suspects.died();
      if (culprit !== undefined) blamed.push(culprit.name);
      for (const work of others) suspects.add({ ...work, stage: nextStage(work.stage) });
    } else {
      for (const work of suspects.running) {
        suspects.ended(work);
        done.push(work.name);
      }
    }
  }
  expect(done).toHaveLength(others);
  return blamed;
}

test('what is dropped is not started', () => {
  const suspects = suspectsWith('b0 b1 c0 b0');
  const dropped = suspects.drop(({ kind }) => kind === 'chunks');
  expect(dropped.map(({ name }) => name)).toEqual(['b1', 'b0', 'b0']);
  expect(started(suspects)).toBe('c0');
});
