/** Where the process starts, after bin/manyhands.js has found a Node that is new enough. */

import { run } from './run.ts';

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // Who read the output has gone, as in `manyhands jobs | head -1`: nothing is left to say.
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
}

run(process.argv.slice(2), process).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    throw error;
  },
);
