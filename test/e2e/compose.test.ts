/**
 * The compose file, the scrape configuration and the dashboard, as far as they can be checked
 * without an engine to run them: by the tools that read them, and against the peer they describe.
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, test } from 'vitest';

import { createMetrics } from '../../src/runtime/metrics.ts';
import { metricSources } from '../support/metric-sources.ts';
import { tempDir } from '../support/temp-dir.ts';
import { runTool } from '../support/tools.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');

const peers = ['peer1', 'peer2', 'peer3', 'peer4', 'peer5'];

describe('docker-compose.yml', () => {
  const compose = read('docker-compose.yml');

  test('is understood by docker-compose and names five peers, Prometheus and Grafana', (ctx) => {
    const checked = runTool('docker-compose', ['config', '--services'], { cwd: root });
    if (!checked)
      ctx.skip("docker-compose is not installed; it is in Debian's package of that name");
    expect(checked).toMatchObject({ status: 0 });
    expect(checked?.stdout.trim().split('\n').sort()).toEqual(['grafana', ...peers, 'prometheus']);
  });

  test('publishes ports on loopback alone', () => {
    const published = [...compose.matchAll(/ports: \[(.*)\]/g)].map(([, ports]) => ports);
    expect(published).toEqual(["'127.0.0.1:9090:9090'", "'127.0.0.1:3000:3000'"]);
  });

  test('pins the images it does not build', () => {
    const images = [...compose.matchAll(/image: (.*)/g)].map(([, image]) => image);
    expect(images).toEqual([
      'manyhands',
      expect.stringMatching(/^prom\/prometheus:v\d+\.\d+\.\d+$/),
      expect.stringMatching(/^grafana\/grafana:\d+\.\d+\.\d+$/),
    ]);
  });

  test('gives `manyhands join` options that it has', () => {
    const help = runTool(process.execPath, [join(root, 'bin/manyhands.js'), 'join', '--help']);
    const commands = `${compose}${read('Dockerfile')}`
      .split('\n')
      .filter((line) => /--listen|--log-format/.test(line));
    const options = [...new Set(commands.join(' ').match(/--[a-z-]+/g))].sort();
    expect(options).toEqual(['--data', '--listen', '--log-format', '--metrics', '--peer']);
    for (const option of options) expect(help?.stdout).toContain(`${option} `);
  });

  test('mounts what is there', () => {
    const mounted = [...compose.matchAll(/(\.\/deploy[^:]*):/g)].map(([, path]) => path ?? '');
    expect(mounted.length).toBe(3);
    expect(mounted.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});

describe('Dockerfile', () => {
  test('copies what is there and what .dockerignore lets through', () => {
    const copies = [...read('Dockerfile').matchAll(/^COPY (?!--from)(.*) \S+$/gm)];
    const paths = copies.flatMap(([, sources]) => sources?.split(' ') ?? []);
    expect(paths.length).toBeGreaterThan(5);
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    const allowed = read('.dockerignore').split('\n');
    expect(paths.filter((path) => !allowed.includes(`!${path}`))).toEqual([]);
  });
});

describe('deploy/prometheus.yml', () => {
  test('is understood by promtool', (ctx) => {
    const checked = runTool('promtool', ['check', 'config', 'deploy/prometheus.yml'], {
      cwd: root,
    });
    if (!checked) ctx.skip("promtool is not installed; it is in Debian's package prometheus");
    expect(checked).toMatchObject({ status: 0 });
  });

  test('scrapes the five peers', () => {
    const targets = read('deploy/prometheus.yml').match(/peer\d:9420/g);
    expect(targets).toEqual(peers.map((peer) => `${peer}:9420`));
  });
});

describe('the dashboard', () => {
  const dashboard: unknown = JSON.parse(read('deploy/grafana/dashboards/manyhands.json'));
  const { panels } = Object(dashboard);
  const expressions: readonly string[] = panels.flatMap((panel: { targets?: { expr: string }[] }) =>
    (panel.targets ?? []).map((target) => target.expr),
  );
  const names = createMetrics(metricSources, '1.2.3').names();

  test('has panels with ids of their own that do not lie on each other', () => {
    const ids = panels.map((panel: { id: number }) => panel.id);
    expect(new Set(ids).size).toBe(ids.length);
    const taken = new Map<string, number>();
    for (const { id, gridPos } of panels) {
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.get(`${x},${y}`), `panels at ${x},${y}`).toBeUndefined();
          taken.set(`${x},${y}`, id);
        }
      }
    }
  });

  test('asks the data source that is provisioned', () => {
    const provisioned = read('deploy/grafana/provisioning/datasources/prometheus.yml');
    const uid = /uid: (\S+)/.exec(provisioned)?.[1];
    const asked = JSON.stringify(dashboard).match(/(?<="datasource":)\{[^}]*\}/g);
    expect(new Set(asked)).toEqual(new Set([`{"type":"prometheus","uid":"${uid}"}`]));
  });

  test('asks for metrics that peers have, and for all of their own', () => {
    const asked = new Set(
      JSON.stringify([dashboard])
        .match(/\b(manyhands|process|nodejs)_[a-z0-9_]+/g)
        ?.map((name) => name.replace(/(?<=_compute_seconds)_(bucket|sum|count)$/, '')),
    );
    expect([...asked].filter((name) => !names.includes(name))).toEqual([]);
    const own = names.filter((name) => name.startsWith('manyhands_'));
    expect(own.filter((name) => !asked.has(name))).toEqual([]);
  });

  test('asks for label values that peers have', async () => {
    const { body } = await createMetrics(metricSources, '1.2.3').scrape();
    const matchers = expressions.flatMap(
      (expr) => expr.match(/(?<=[{,])(state|outcome|event|queue)="[^"]*"/g) ?? [],
    );
    expect(matchers.length).toBeGreaterThan(3);
    expect(matchers.filter((matcher) => !body.includes(`{${matcher}}`))).toEqual([]);
  });

  test('asks in PromQL that promtool understands', (ctx) => {
    const rules = expressions.map((expression, index) => ({
      record: `panel:${index}`,
      expr: expression.replaceAll('$__rate_interval', '20s').replaceAll('$peer', '.*'),
    }));
    const file = join(tempDir(), 'rules.yml');
    // JSON is YAML.
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
    const checked = runTool('promtool', ['check', 'rules', file]);
    if (!checked) ctx.skip("promtool is not installed; it is in Debian's package prometheus");
    expect(checked).toMatchObject({ status: 0 });
  });
});
