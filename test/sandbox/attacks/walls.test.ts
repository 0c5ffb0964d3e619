/**
 * The second and the third wall alone: code that runs in the sandbox's process without a
 * compartment, first in the main thread, where no program ever runs, then in a thread of programs.
 */

import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, test, vi } from 'vitest';

import { RawProcess } from '../../support/raw-process.ts';

// Of the source, whose folders the attacks name.
vi.unmock('../../../src/sandbox/process-command.ts');

const raw = new RawProcess();
const root = join(import.meta.dirname, '../../..');
const own = join(root, 'src/sandbox');
const elsewhere = join(tmpdir(), 'manyhands-attack');

afterAll(async () => raw.close());

const denied = { threw: 'ERR_ACCESS_DENIED' };

/** A promise of what a socket or the like says first. */
function settled(made: string, done = 'connect'): string {
  return `await new Promise((resolve, reject) => {
    ${made}.on('error', reject).on('${done}', () => resolve('${done}'));
  })`;
}

describe("the process, by Node's permission model alone, denies", () => {
  test.each([
    ['reading a file', `fs.readFileSync('/etc/passwd')`],
    ['reading it by a promise', `await fs.promises.readFile('/etc/passwd')`],
    ['reading it by a stream', settled(`fs.createReadStream('/etc/passwd')`, 'data')],
    ['reading it as a blob', `await fs.openAsBlob('/etc/passwd')`],
    ['reading it as an environment', `process.loadEnvFile('/etc/passwd')`],
    ['reading it as a module', `module.createRequire('/')('/etc/passwd')`],
    ['reading it by a path of bytes', `fs.readFileSync(Buffer.from('/etc/passwd'))`],
    ['seeing whether it is there', `fs.accessSync('/etc/passwd')`],
    ['seeing where a link leads', `fs.readlinkSync('/proc/self/exe')`],
    ['seeing its environment as a file', `fs.readFileSync('/proc/self/environ')`],
    ["seeing its peer's environment", `fs.readFileSync('/proc/' + process.ppid + '/environ')`],
    ['seeing its files by number', `fs.readdirSync('/proc/self/fd')`],
    ['listing a folder', `fs.readdirSync('/')`],
    ['watching a folder', `fs.watch('/etc')`],
    ['a way up and out', `fs.readFileSync('${own}/../../package.json')`],
    ['a way up and out, in bytes', `fs.readFileSync(Buffer.from('${own}/../../package.json'))`],
    [
      'a way up and out, as an address',
      `fs.readFileSync(new URL('file://${own}/../../package.json'))`,
    ],
    ['a way up and out, with double slashes', `fs.readFileSync('${own}//..//..//package.json')`],
    ['a way around, by another root', `fs.readFileSync('/proc/self/root${root}/package.json')`],
    [
      'a way around, by where it stands',
      `(process.chdir('${own}'), fs.readFileSync('../../package.json'))`,
    ],
    ['standing elsewhere', `process.chdir('${tmpdir()}')`],
    ['writing to its own folder', `fs.writeFileSync('${own}/new.ts', '')`],
    [
      'writing to a file that is open to read',
      `fs.fchmodSync(fs.openSync('${own}/shapes.ts'), 0o777)`,
    ],
    ['opening a file to write', `fs.openSync('${own}/shapes.ts', 'r+')`],
    ['opening a file without a name', `fs.openSync('${tmpdir()}', 0o20200002)`],
    ['a link to a file', `fs.symlinkSync('/etc/passwd', '${own}/link')`],
    ['a second name of a file', `fs.linkSync('${own}/shapes.ts', '${elsewhere}')`],
    ['a folder', `fs.mkdtempSync('${elsewhere}')`],
    ['a heap snapshot', `v8.writeHeapSnapshot('${elsewhere}')`],
    ['a report', `process.report.writeReport('${elsewhere}')`],
    ['a trace', `traceEvents.createTracing({ categories: ['node'] }).enable()`],
    ['a connection', settled(`net.connect(9, '127.0.0.1')`)],
    ['a connection to a socket in a folder', settled(`net.connect('${elsewhere}')`)],
    ['a connection by HTTP/2', settled(`http2.connect('http://127.0.0.1:9')`)],
    ['a request', settled(`https.get('https://127.0.0.1:9')`, 'response')],
    ['a port', settled('net.createServer().listen(0)', 'listening')],
    ['a port for datagrams', settled(`dgram.createSocket('udp4').bind(0)`, 'listening')],
    ['a name to be looked up', `await dns.promises.lookup('localhost')`],
    ['a name to be resolved', `await dns.promises.resolve('localhost')`],
    ['a process', settled(`childProcess.spawn('id')`, 'spawn')],
    ['a process by a shell', `childProcess.execSync('id')`],
    ['a process like itself', `childProcess.fork('${own}/sandbox-process.ts')`],
    ['a process of a cluster', `cluster.fork()`],
    ['becoming another program', `process.execve('/bin/true', ['true'])`],
    ["Node's own insides", `process.binding('spawn_sync')`],
    ['WASI with real folders', `new wasi.WASI({ version: 'preview1', preopens: { '/': '/' } })`],
    ['a debugger', `inspector.open(0, '127.0.0.1')`],
    ['a debugging session', `new inspector.Session().connect()`],
  ])('%s', async (_what, expression) => {
    expect(await raw.run('main', `${modules}; return ${expression};`)).toEqual(denied);
  });

  test.each([
    ['native code', `process.dlopen({ exports: {} }, '/x.node')`, 'ERR_DLOPEN_DISABLED'],
    [
      'databases, which know no permissions',
      `await import('node:sqlite')`,
      'ERR_UNKNOWN_BUILTIN_MODULE',
    ],
    ['foreign functions', `await import('node:ffi')`, 'ERR_UNKNOWN_BUILTIN_MODULE'],
  ])('%s', async (_what, expression, threw) => {
    expect(await raw.run('main', `return ${expression};`)).toEqual({ threw });
  });

  test('a thread with its own rights what it has not itself', async () => {
    const inner = `require('node:fs').readFileSync('/etc/passwd')`;
    const made = `new worker.Worker(${JSON.stringify(inner)}, { eval: true })`;
    expect(await raw.run('main', `${modules}; return ${settled(made, 'exit')};`)).toEqual(denied);
  });

  test('an environment and arguments', async () => {
    const code = 'return JSON.stringify([process.env, process.argv.length]);';
    expect(await raw.run('main', code)).toEqual({ value: '[{},2]' });
  });

  // What it doesn't deny is why threads are stripped, and why no program runs in the main thread.
  test.each([
    ['signals to its peer', 'process.kill(process.ppid, 0)', 'true'],
    ["its peer's priority", 'os.setPriority(process.ppid, os.getPriority(process.ppid)) ?? 1', '1'],
    [
      'threads without permissions, to whoever can start threads',
      `await new Promise((resolve) => {
        const code =
          "require('node:worker_threads').parentPort.postMessage(typeof process.permission)";
        new worker.Worker(code, { eval: true, execArgv: [] }).on('message', resolve);
      })`,
      'undefined',
    ],
  ])('but not %s', async (_what, expression, value) => {
    expect(await raw.run('main', `${modules}; return ${expression};`)).toEqual({ value });
  });
});

const modules = Object.entries({
  childProcess: 'child_process',
  cluster: 'cluster',
  dgram: 'dgram',
  dns: 'dns',
  fs: 'fs',
  http2: 'http2',
  https: 'https',
  inspector: 'inspector',
  module: 'module',
  net: 'net',
  os: 'os',
  traceEvents: 'trace_events',
  v8: 'v8',
  wasi: 'wasi',
  worker: 'worker_threads',
})
  .map(([name, module]) => `const { default: ${name} } = await import('node:${module}')`)
  .join('; ');

const threads = ['raw-javascript', 'raw-thread'] as const;

/** What the thread itself says to what isn't there. */
const gone = new RegExp(
  [
    'loads no modules',
    'is not defined',
    'is not a function',
    'is not a (?:valid )?constructor',
    'Cannot read properties of undefined',
    'Cannot assign to read only',
  ].join('|'),
);

describe.each(threads)('a thread (%s), by what it was stripped of, denies', (thread) => {
  const kill = `process.kill(process.ppid, 'SIGKILL')`;
  test.each([
    ['modules', `import('node:fs')`],
    [
      'modules by another way',
      `(async () => {})().constructor.constructor('return import("node:fs")')()`,
    ],
    ['modules of its own', `import('${own}/shapes.ts')`],
    ['modules from data', `import('data:text/javascript,export default 1')`],
    ['modules, required', `require('node:fs')`],
    ['modules, by process', `process.getBuiltinModule('node:fs')`],
    ['modules, by their main one', `process.mainModule.require('node:fs')`],
    ["Node's own insides", `process.binding('fs')`],
    ["Node's own insides by another way", `internalBinding('fs')`],
    ['its own code loader', `process._linkedBinding('fs')`],
    ['native code', `process.dlopen({ exports: {} }, '/x.node')`],
    ['the end of its peer', kill],
    ['the end of its peer, asked friendly', `process.kill(process.ppid, 'SIGTERM')`],
    ['the end of its peer, by another way', `process._kill(process.ppid, 9)`],
    ['the end of its own process', `process.kill(process.pid, 'SIGKILL')`],
    ['the end of its own process, at once', 'process.abort()'],
    ['its exit', 'process.exit(1)'],
    ['its exit by another way', 'process.reallyExit(1)'],
    ['a debugger of its peer', `process._debugProcess(process.ppid)`],
    ['a debugger', `process._startProfilerIdleNotifier()`],
    ['another program', `process.execve('/bin/true', ['true'])`],
    ['another folder', `process.chdir('/')`],
    ['another user', `process.setuid(1000)`],
    ['permissions to be seen', `process.permission.has('fs.read')`],
    ['its environment', `process.env.PATH`],
    ['a report', `process.report.writeReport()`],
    ['memory of the process', `process.memoryUsage()`],
    ['threads', `new Worker('1', { eval: true, execArgv: [] })`],
    ['channels', 'new MessageChannel()'],
    ['a channel to all threads', `new BroadcastChannel('x').postMessage(1)`],
    ['memory that threads share', 'new SharedArrayBuffer(8)'],
    ['requests', `fetch('http://127.0.0.1:9')`],
    ['web sockets', `new WebSocket('ws://127.0.0.1:9')`],
    ['clocks', 'performance.now()'],
    ['timers', 'setTimeout(() => {}, 1)'],
    ['entropy', 'crypto.getRandomValues(new Uint8Array(1))'],
    ['a console of the process', `console.log('x')`],
    ['the collector', 'gc()'],
    ['WebAssembly', 'new WebAssembly.Memory({ initial: 1 })'],
    ['a process that is put back', `(() => { 'use strict'; globalThis.process = { env: 1 }; })()`],
  ])('%s', async (_what, code) => {
    const outcome = await raw.run(thread, code);
    expect(outcome).toEqual({ threw: expect.stringMatching(gone) });
  });

  // With these in hand, an import or an error hands over what Node's own code calls them with.
  test.each([
    ['bind, which sees the module loader', 'Function.prototype.bind = () => {};'],
    ['call', 'Function.prototype.call = () => {};'],
    ['then', 'Promise.prototype.then = () => {};'],
    ['iterators of arrays', 'Array.prototype[Symbol.iterator] = () => {};'],
    ['iterators', 'Object.getPrototypeOf([].values()).next = () => {};'],
    ['maps', 'Map.prototype.get = () => {};'],
    ['Reflect', 'Reflect.apply = () => {};'],
    ['what all options have', 'Object.prototype.shortCircuit = true;'],
    [
      'what all options have, by a setter',
      `Object.defineProperty(Object.prototype, 'load', { set() {} });`,
    ],
    ['frames of stacks', 'Error.prepareStackTrace = () => {};'],
  ])('the replacement of %s', async (_what, code) => {
    const outcome = await raw.run(thread, `(() => { 'use strict'; ${code} })()`);
    expect(outcome).toEqual({ threw: expect.stringMatching(/^TypeError: /) });
  });
});

test('after all of this the process is alive and computes, and so is its peer', async () => {
  for (const where of ['main', ...threads] as const) {
    const code = where === 'main' ? 'return 6 * 7;' : '6 * 7';
    expect(await raw.run(where, code)).toEqual({ value: '42' });
  }
  // A thread's rights are its own: those of the next one are not less.
  expect(await raw.run('main', `return process.permission.has('worker');`)).toEqual({
    value: 'true',
  });
});
