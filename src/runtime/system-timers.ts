/** Timers as Node has them. */

import type { Timers } from '../ports.ts';

export const systemTimers: Timers = {
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
