#!/usr/bin/env node
/*
 * The command. The Node that starts it may be any; manyhands needs a new one. So this file is
 * written in the JavaScript of 2009, which all of them understand: it either goes on in this very
 * process or hands over to the Node that was installed beside manyhands.
 */
'use strict';

var childProcess = require('child_process');
var fs = require('fs');
var path = require('path');

var majorMin = 26;
var root = path.join(__dirname, '..');

if (majorOf(process.versions.node) >= majorMin) start();
else handOver(findNode());

/* The source tree runs as it is; a package has dist, since Node strips no types in node_modules. */
function start() {
  var source = path.join(root, 'src', 'cli', 'main.ts');
  require(fs.existsSync(source) ? source : path.join(root, 'dist', 'cli', 'main.js'));
}

/* Path of the npm package "node", as far as it is installed, new enough and for this machine. */
function findNode() {
  try {
    var manifest = require.resolve('node/package.json');
    var node = path.join(path.dirname(manifest), 'bin', 'node');
    if (process.platform === 'win32') node += '.exe';
    if (majorOf(require(manifest).version) >= majorMin && fs.existsSync(node)) return node;
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') throw error;
  }
  return undefined;
}

function handOver(node) {
  if (node === undefined) {
    var words = [
      'error: manyhands needs Node ' + majorMin + ' or newer, but this is Node ',
      process.versions.node + ' (' + process.execPath + '). Install Node ' + majorMin + ' from ',
      'https://nodejs.org, or put it beside manyhands with `npm install node@' + majorMin,
      '`, and run the command again.\n',
    ];
    process.stderr.write(words.join(''));
    process.exit(1);
  }
  var args = [__filename].concat(process.argv.slice(2));
  var child = childProcess.spawn(node, args, { stdio: 'inherit' });
  var signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'];
  signals.forEach(function (signal) {
    process.on(signal, function () {
      /* What is typed at the terminal reaches the child without us; twice would be two Ctrl-C. */
      if ((signal === 'SIGINT' || signal === 'SIGQUIT') && isInForeground()) return;
      child.kill(signal);
    });
  });
  child.on('error', function (error) {
    process.stderr.write("error: can't start " + node + ': ' + error.message + '\n');
    process.exit(1);
  });
  child.on('exit', function (code, signal) {
    if (signal === null) process.exit(code);
    /* Die as it died, so that the shell sees the same. */
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/* Does the terminal send its signals to our process group, and so to the child as well? */
function isInForeground() {
  try {
    /* After the command in parentheses: state, parent, process group, session, terminal, its
       foreground process group (man 5 proc). */
    var fields = fs
      .readFileSync('/proc/self/stat', 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return fields[2] === fields[5];
  } catch (error) {
    /* Systems without /proc. */
    return error.code === 'ENOENT' && Boolean(process.stdin.isTTY || process.stderr.isTTY);
  }
}

function majorOf(version) {
  return Number(version.split('.')[0]);
}
