import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { errorMessage } from '../../src/base/logger.ts';
import { listenOnLoopback } from '../listen-on-loopback.ts';
import { refused, type Answer } from './answer.ts';
import { Broker } from './broker.ts';
import { Databases } from './databases.ts';
import { startPostgres, type PostgresServer } from './postgres-server.ts';
import { route } from './routes.ts';

export interface BrokerOptions {
  /** How long an operation of the asynchronous plan takes at least. Default 1,000 ms. */
  readonly asynchronousMs?: number;
  /** The host that credentials name, where applications reach PostgreSQL through a relay. Default: loopback. */
  readonly advertisedHost?: string;
  /** Takes one line per request and per failure. No credentials are in it. */
  readonly log?: (line: string) => void;
}

/** A running broker with its PostgreSQL server. */
export interface PostgresBroker {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** The server behind it, for looking at what was done there. */
  readonly postgres: PostgresServer;
  stop(): Promise<void>;
}

const bodyLimitBytes = 1024 * 1024;

/** Starts PostgreSQL and, on a free loopback port, the broker in front of it. */
export async function startPostgresBroker(
  signal: AbortSignal,
  options: BrokerOptions = {},
): Promise<PostgresBroker> {
  const log = options.log ?? (() => undefined);
  const postgres = await startPostgres(signal);
  const databases = new Databases(postgres);
  const broker = new Broker({
    databases,
    address: { host: options.advertisedHost ?? postgres.host, port: postgres.port },
    asynchronousMs: options.asynchronousMs ?? 1_000,
    onFailure: (what, error) => log(`can not ${what}: ${errorMessage(error)}`),
  });
  const username = 'platform';
  const password = randomBytes(18).toString('base64url');
  const authorization = Buffer.from(`Basic ${btoa(`${username}:${password}`)}`);
  const server = createServer((request, response) => void serve(request, response));

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = await answerTo(request);
    const path = (request.url ?? '').split('?', 1)[0];
    log(`${request.method} ${path} → ${answer.status}`);
    const body = JSON.stringify(answer.body);
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(body);
  }

  async function answerTo(request: IncomingMessage): Promise<Answer> {
    try {
      if (!isAuthorised(request, authorization)) return refused(401, 'authentication required');
      const wrongVersion = checkVersion(request);
      if (wrongVersion !== undefined) return wrongVersion;
      const body = await readBody(request);
      if (body === undefined) return refused(413, 'the body is larger than 1 MiB');
      return await route(broker, request.method ?? '', request.url ?? '', body);
    } catch (error: unknown) {
      log(`${request.method} failed: ${errorMessage(error)}`);
      return refused(500, 'the broker could not do this');
    }
  }

  async function stop(): Promise<void> {
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
    await broker.idle();
    await databases.close();
    await postgres.stop();
  }

  try {
    await databases.prepare();
    const port = await listenOnLoopback(server);
    return { url: `http://127.0.0.1:${port}`, username, password, postgres, stop };
  } catch (error: unknown) {
    await databases.close();
    await postgres.stop();
    throw error;
  }
}

function isAuthorised(request: IncomingMessage, expected: Buffer): boolean {
  const given = Buffer.from(request.headers.authorization ?? '');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** OSB, "API Version Header": 400 without it, 412 when it is not a version we speak. */
function checkVersion(request: IncomingMessage): Answer | undefined {
  const version = request.headers['x-broker-api-version'];
  if (version === undefined) return refused(400, 'X-Broker-API-Version is missing');
  return /^2\.\d+$/.test(String(version)) ? undefined : refused(412, 'this broker speaks version 2.17');
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > bodyLimitBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
