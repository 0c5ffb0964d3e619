/**
 * What a program threw, in words for a failure report: never a stack, never a path of this machine.
 */

import { limits } from '../model/limits.ts';

/** Half of a report is for the error, the rest for what the program wrote. */
const messageCharsMax = limits.reasonCharsMax / 2;

/**
 * "TypeError: x is not a function". The value is the program's own, so that looking at it runs its
 * code: it may throw again.
 */
export function describeThrown(thrown: unknown): string {
  try {
    const text =
      thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : `threw ${String(thrown)}`;
    return text.slice(0, messageCharsMax);
  } catch {
    return 'threw something that cannot be shown';
  }
}

/** The error and the end of what the program wrote, at most `reasonCharsMax`. */
export function failureDetail(message: string, written: string): string {
  const head = message.slice(0, messageCharsMax);
  if (written === '') return head;
  const introduction = '\nIt wrote: ';
  const room = limits.reasonCharsMax - head.length - introduction.length;
  const tail = written.length <= room ? written : `...${written.slice(3 - room)}`;
  return `${head}${introduction}${tail}`;
}
