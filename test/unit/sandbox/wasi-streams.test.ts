import { wasi } from '@bjorn3/browser_wasi_shim';
import { expect, test } from 'vitest';

import { programEnded } from '../../../src/sandbox/wasi-run.ts';
import { WasiCaller } from '../../support/wasi-caller.ts';

const resultAt = 0;

test('stdin gives the chunk and then its end', () => {
  const stdin = Buffer.from('0123456789');
  const caller = new WasiCaller({ chunk: { stdin } });
  const [at] = caller.put(new Uint8Array(8));
  const buffers = caller.putBuffers([at, 4], [at + 4, 3]);
  expect(caller.call('fd_read', 0, ...buffers, resultAt)).toBe(wasi.ERRNO_SUCCESS);
  expect(caller.bytes(at, caller.result.u32).toString()).toBe('0123456');
  expect([caller.read(0), caller.read(0), caller.read(0)]).toEqual(['789', '', '']);
  expect(stdin.toString()).toBe('0123456789');
});

test('stdout keeps all that is written, as it was when it was written', () => {
  const caller = new WasiCaller();
  const [at] = caller.put('abc');
  for (const text of ['abc', 'def']) {
    caller.put(text);
    caller.call('fd_write', 1, ...caller.putBuffers([at, 3], [at, 1]), resultAt);
    expect(caller.result.u32).toBe(4);
  }
  expect(Buffer.from(caller.run.stdout.bytes).toString()).toBe('abcadefd');
});

test('stdout takes as many bytes as a result may have, and one more ends the run', () => {
  const caller = new WasiCaller({ chunk: { resultBytesMax: 10 } });
  expect(caller.write(1, '0123456789')).toBe(wasi.ERRNO_SUCCESS);
  expect(caller.write(1, '')).toBe(wasi.ERRNO_SUCCESS);
  expect(() => caller.write(1, 'x')).toThrow(programEnded);
  expect(caller.run.ended).toEqual({
    type: 'failure',
    kind: 'result-too-large',
    message: 'wrote more than the 10 bytes that this job allows a result',
  });
});

test.each([0, 1, 7, 100])(
  'stderr keeps the last %d bytes, however they were written',
  (bytesMax) => {
    const caller = new WasiCaller({ chunk: { stderrBytesMax: bytesMax } });
    let written = '';
    for (let count = 0; count < 60; count += 1) {
      const piece = String(count).repeat(count % 13);
      expect(caller.write(2, piece)).toBe(wasi.ERRNO_SUCCESS);
      written += piece;
      expect(caller.run.stderr.text).toBe(bytesMax === 0 ? '' : written.slice(-bytesMax));
    }
  },
);

test('streams are pipes: no terminal, no position, one direction', () => {
  const caller = new WasiCaller();
  for (const fd of [0, 1, 2]) {
    expect(caller.call('fd_seek', fd, 0n, wasi.WHENCE_CUR, resultAt)).toBe(wasi.ERRNO_SPIPE);
    expect(caller.call('fd_tell', fd, resultAt)).toBe(wasi.ERRNO_SPIPE);
    const buffers = caller.putBuffers([0, 1]);
    expect(caller.call('fd_pread', fd, ...buffers, 0n, resultAt)).toBe(wasi.ERRNO_SPIPE);
    expect(caller.call('fd_pwrite', fd, ...buffers, 0n, resultAt)).toBe(wasi.ERRNO_SPIPE);
    expect(caller.call('fd_fdstat_set_flags', fd, wasi.FDFLAGS_NONBLOCK)).toBe(wasi.ERRNO_SUCCESS);
    expect(caller.call('fd_fdstat_get', fd, resultAt)).toBe(wasi.ERRNO_SUCCESS);
    expect(caller.view.getUint8(resultAt)).toBe(wasi.FILETYPE_UNKNOWN);
    expect(caller.call('fd_filestat_get', fd, resultAt)).toBe(wasi.ERRNO_SUCCESS);
    expect(caller.readFilestat()).toMatchObject({ type: wasi.FILETYPE_UNKNOWN, bytes: 0n });
  }
  expect(caller.write(0, 'x')).toBe(wasi.ERRNO_BADF);
  expect([caller.read(1), caller.read(2)]).toEqual([wasi.ERRNO_BADF, wasi.ERRNO_BADF]);
});
