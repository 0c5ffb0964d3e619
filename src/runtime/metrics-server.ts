/**
 * `/metrics` for Prometheus and `/healthz` for whoever restarts peers. Plain HTTP without access
 * control: what it tells is no secret, but it is meant for loopback or a private network.
 */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { GridError, reasonOf } from '../model/errors.ts';
import { formatAddress, parseAddress, type HostPort } from '../wire/address.ts';
import type { Metrics } from './metrics.ts';

/** Prometheus, a probe and some people; more are turned away before they cost anything. */
const CONNECTIONS_MAX = 64;
/** A scrape's request is one packet. */
const REQUEST_MS_MAX = 5000;
const HEADER_BYTES_MAX = 8 * 1024;
/** Longer than the usual scrape interval of 15 s, so that a scraper keeps its connection. */
const KEEP_ALIVE_MS = 30_000;

const plain = 'text/plain; charset=utf-8';

export type Health = { readonly ok: boolean; readonly reason?: string };

export type MetricsServer = {
  /** The one really bound. */
  readonly address: string;
  /** Ends open connections too. */
  readonly close: () => Promise<void>;
};

/**
 * @param address "host:port", "[host]:port" for IPv6; port 0 takes a free one
 * @throws {GridError} `usage` for what is no address, `port-taken` when it can't be bound
 */
export async function serveMetrics(
  address: string,
  metrics: Metrics,
  healthy: () => Promise<Health>,
): Promise<MetricsServer> {
  const { host, port } = parse(address);
  const server = createServer(
    {
      requestTimeout: REQUEST_MS_MAX,
      headersTimeout: REQUEST_MS_MAX,
      connectionsCheckingInterval: 1000,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: HEADER_BYTES_MAX,
    },
    (request, response) => {
      answer(request, metrics, healthy).then(
        (reply) => send(request, response, reply),
        (error: unknown) => send(request, response, text(500, `${reasonOf(error)}\n`)),
      );
    },
  );
  server.maxConnections = CONNECTIONS_MAX;
  await listen(server, host, port, address);
  return {
    address: boundAddress(server),
    async close() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

type Reply = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

async function answer(
  request: IncomingMessage,
  metrics: Metrics,
  healthy: () => Promise<Health>,
): Promise<Reply> {
  const [path] = (request.url ?? '/').split('?');
  const page = pages.find((page) => page.path === path);
  if (!page) return text(404, 'There is nothing here; see /\n');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return text(405, 'This can only be read.\n', { allow: 'GET, HEAD' });
  }
  return page.answer(metrics, healthy);
}

const pages: readonly {
  readonly path: string;
  readonly answer: (metrics: Metrics, healthy: () => Promise<Health>) => Reply | Promise<Reply>;
}[] = [
  { path: '/', answer: () => text(200, 'A manyhands peer.\n/metrics for Prometheus\n/healthz\n') },
  {
    path: '/metrics',
    answer: async (metrics) => {
      const { contentType, body } = await metrics.scrape();
      return { status: 200, headers: { 'content-type': contentType }, body };
    },
  },
  {
    path: '/healthz',
    answer: async (_metrics, healthy) => {
      const { ok, reason } = await healthy();
      return ok ? text(200, 'ok\n') : text(503, `${reason ?? 'not healthy'}\n`);
    },
  },
];

function text(status: number, body: string, headers: Reply['headers'] = {}): Reply {
  return { status, headers: { 'content-type': plain, ...headers }, body };
}

function send(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  response.writeHead(reply.status, {
    ...reply.headers,
    'content-length': Buffer.byteLength(reply.body),
    'cache-control': 'no-store',
  });
  response.end(request.method === 'HEAD' ? undefined : reply.body);
}

function parse(address: string): HostPort {
  const parsed = parseAddress(address);
  if (parsed) return parsed;
  throw new GridError(
    'usage',
    `--metrics needs host:port, such as 127.0.0.1:9420, but this is "${address.slice(0, 80)}".`,
  );
}

async function listen(server: Server, host: string, port: number, address: string): Promise<void> {
  const listening = once(server, 'listening');
  server.listen({ host, port });
  try {
    await listening;
  } catch (error) {
    throw new GridError(
      'port-taken',
      `Metrics can't be served at ${address} (${reasonOf(error)}); stop what uses the port, or ` +
        'choose another with --metrics host:port.',
      { cause: error },
    );
  }
}

function boundAddress(server: Server): string {
  const bound: AddressInfo | string | null = server.address();
  if (bound === null || typeof bound === 'string') throw new Error(`not a TCP address: ${bound}`);
  return formatAddress(bound.address, bound.port);
}
