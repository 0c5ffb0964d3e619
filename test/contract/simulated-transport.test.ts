/** What `Transport` promises, in the simulator's network. */

import { holdsTransportPromises } from './transport-promises.ts';
import { simulatedTransports } from '../support/simulated-transports.ts';

let seed = 0;

holdsTransportPromises(() => {
  seed += 1;
  return simulatedTransports(seed);
});
