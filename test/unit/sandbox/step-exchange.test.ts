import { describe, expect, test } from 'vitest';

import type { FromProcess, StepSaid } from '../../../src/sandbox/process-messages.ts';
import { ProcessDied } from '../../../src/sandbox/process-child.ts';
import { StepExchange } from '../../../src/sandbox/step-exchange.ts';

const noBytes = new Uint8Array(0);
const head = { step: 'split', script: 'javascript:x', encoding: 'values' } as const;
const wanted: StepSaid = { type: 'input-wanted' };

function said(what: StepSaid): FromProcess {
  return { type: 'said', id: 1, said: what };
}

const ended: FromProcess = { type: 'step-ended', id: 1 };

function startedStep(signal = new AbortController().signal): {
  readonly step: StepExchange;
  readonly sent: string[];
} {
  const sent: string[] = [];
  const step = new StepExchange('split', signal, (message) => sent.push(message.type));
  step.start({ head, params: noBytes });
  return { step, sent };
}

describe('a step', () => {
  test('speaks in turns, and is over when its thread is gone', async () => {
    const { step, sent } = startedStep();
    expect(step.receive(said(wanted), noBytes)).toBe('more');
    expect(await step.next()).toEqual({ ...wanted, body: noBytes });
    step.answer({ type: 'input', ended: true });
    const next = step.next();
    expect(step.receive(said({ type: 'chunks', ended: true, ends: [] }), noBytes)).toBe('more');
    expect(await next).toMatchObject({ type: 'chunks' });
    step.end();
    step.end();
    expect(step.receive(ended, noBytes)).toBe('last');
    await step.over;
    expect(sent).toEqual(['step', 'answer', 'end-step']);
  });

  test('that speaks out of turn is a breach', () => {
    const { step } = startedStep();
    step.receive(said(wanted), noBytes);
    expect(step.receive(said(wanted), noBytes)).toBe('breach');
    expect(step.receive(ended, noBytes)).toBe('breach');
    expect(step.receive({ type: 'loaded', id: 1, exports: [] }, noBytes)).toBe('breach');
  });

  test('may still be heard once after it was ended in its turn, since words travel', () => {
    const { step } = startedStep();
    step.end();
    expect(step.receive(said(wanted), noBytes)).toBe('more');
    expect(step.receive(said(wanted), noBytes)).toBe('breach');
    expect(step.receive({ type: 'loaded', id: 1, exports: [] }, noBytes)).toBe('breach');
    expect(step.receive(ended, noBytes)).toBe('last');
  });

  test('that fails says why', async () => {
    const { step } = startedStep();
    step.receive(said({ type: 'failed', reason: 'no luck' }), noBytes);
    await expect(step.next()).rejects.toMatchObject({ code: 'job-failed', message: 'no luck' });
  });

  test('that is aborted rejects with the reason, and is ended', async () => {
    const controller = new AbortController();
    const { step, sent } = startedStep(controller.signal);
    const next = step.next();
    controller.abort(new Error('enough'));
    await expect(next).rejects.toThrow('enough');
    expect(sent).toEqual(['step', 'end-step']);
  });

  test('dies with its process', async () => {
    const { step } = startedStep();
    const next = step.next();
    step.fail(new ProcessDied({ reason: 'was ended by SIGKILL', outOfMemory: false }));
    await expect(next).rejects.toMatchObject({
      code: 'internal',
      message: "The job's split failed: while it ran, the sandbox's process was ended by SIGKILL.",
    });
    await step.over;
  });
});
