import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { silentLogger } from '../../../src/base/logger.ts';
import { brokerAnnotations } from '../../../src/api/broker-annotations.ts';
import {
  BrokerConnections,
  type BrokerNews,
  type ConnectResult,
} from '../../../src/brokers/broker-connections.ts';
import type { BrokerRef } from '../../../src/brokers/broker-ref.ts';
import { createStores } from '../../../src/model/stores.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { Failure } from '../../../src/osb/outcome-types.ts';
import { TestAuthority } from '../../support/test-broker/certificates.ts';
import { listen } from '../../support/test-broker/listen.ts';
import { TestBroker, type TestBrokerOptions } from '../../support/test-broker/test-broker.ts';
import { ObjectReader } from './object-reader.ts';

const ref: BrokerRef = { kind: 'ServiceBroker', namespace: 'n', name: 'b' };

describe('the connection to a broker', () => {
  let world: World;
  afterEach(() => world.stop());

  it('uses the credentials of the Secret', async () => {
    world = await World.start();
    expect(await world.catalog()).toBe('catalog');
    expect(world.broker.violations).toEqual([]);
  });

  it('is the same client until something changes', async () => {
    world = await World.start();
    const first = await world.client();
    expect(await world.client()).toBe(first);
    world.nowMs += 60_000;
    expect(await world.client()).toBe(first);

    world.reader.secret('n/auth', { username: 'broker', password: 'new' });
    world.nowMs += 60_000;
    const second = await world.client();
    expect(second).not.toBe(first);

    world.putBroker({ url: `${world.broker.url}/prefix` });
    expect(await world.client()).not.toBe(second);
  });

  it('reads the Secret at most every 30 seconds', async () => {
    world = await World.start();
    await Promise.all([world.client(), world.client(), world.client()]);
    world.nowMs += 29_000;
    await world.client();
    expect(world.reader.reads).toHaveLength(1);
    world.nowMs += 2_000;
    await world.client();
    expect(world.reader.reads).toHaveLength(2);
  });

  it('reads nothing for somebody who has been stopped: nobody would hear that it failed', async () => {
    world = await World.start();
    world.reader.failure = new Error('the client is closed');
    await expect(world.connect(AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped');
    expect(world.reader.reads).toEqual([]);
  });

  it('H29 reads the Secret again after the broker refused the credentials, and works after a rotation', async () => {
    world = await World.start();
    expect(await world.catalog()).toBe('catalog');
    world.reader.secret('n/auth', { username: 'broker', password: 'wrong' });
    world.nowMs += 40_000;
    expect(await world.catalog()).toBe('Unauthorized');

    world.useCredentials();
    world.nowMs += 1_000;
    expect(await world.catalog()).toBe('catalog');
  });

  it('does not read the Secret for every refused request', async () => {
    world = await World.start();
    world.reader.secret('n/auth', { username: 'broker', password: 'wrong' });
    for (let attempt = 0; attempt < 5; attempt++) expect(await world.catalog()).toBe('Unauthorized');
    expect(world.reader.reads).toHaveLength(1);
  });

  it('keeps the last credentials while the namespace with their Secret is being deleted', async () => {
    world = await World.start();
    expect(await world.catalog()).toBe('catalog');
    world.reader.objects.clear();
    world.nowMs += 40_000;
    expect(await world.connect()).toMatchObject({ reason: 'ErrorGettingAuthCredentials' });

    world.deleteNamespace();
    expect(await world.catalog()).toBe('catalog');
  });

  it('P01 sends the version that an annotation asks for', async () => {
    world = await World.start();
    world.putBroker({}, { [brokerAnnotations.apiVersion]: '2.14' });
    expect(await world.catalog()).toBe('catalog');
    expect(world.broker.requests.at(-1)?.headers['x-broker-api-version']).toBe('2.14');
  });

  it('P03 trusts the authority of a ConfigMap and shows a client certificate of a Secret', async () => {
    const authority = await TestAuthority.create('test authority');
    const server = await authority.issue({ commonName: 'broker', names: ['127.0.0.1'] });
    const client = await authority.issue({ commonName: 'platform' });
    world = await World.start({ tls: { ...server, clientCa: authority.certificate } });
    expect(await world.catalog()).toBe('TLSUntrusted');

    const annotations = { [brokerAnnotations.caConfigMap]: 'ca' };
    world.reader.configMap('n/ca', { 'ca.crt': authority.certificate });
    world.putBroker({}, annotations);
    expect(await world.catalog()).not.toBe('catalog');

    world.reader.secret('n/tls', { 'tls.crt': client.certificate, 'tls.key': client.key });
    world.putBroker({}, { ...annotations, [brokerAnnotations.clientCertificateSecret]: 'tls' });
    expect(await world.catalog()).toBe('catalog');
  });

  it('fetches an OAuth2 token with the client credentials of a Secret', async () => {
    world = await World.start({ auth: { kind: 'bearer', token: 'access-1' } });
    await using tokens = await TokenServer.start({ 'client-1': 'secret-1' }, 'access-1');
    world.reader.secret('n/oauth', { client_id: 'client-1', client_secret: 'wrong' });
    const annotations = {
      [brokerAnnotations.oauth2Secret]: 'oauth',
      [brokerAnnotations.oauth2TokenUrl]: tokens.url,
      [brokerAnnotations.oauth2Scopes]: 'read write',
    };
    world.putBroker({ authInfo: {} }, annotations);
    expect(await world.catalog()).toBe('TokenFailure');

    world.reader.secret('n/oauth', { client_id: 'client-1', client_secret: 'secret-1' });
    world.nowMs += 1_000;
    expect(await world.catalog()).toBe('catalog');
    expect(tokens.forms.at(-1)).toEqual({ grant_type: 'client_credentials', scope: 'read write' });
  });

  it.each<[string, object, Readonly<Record<string, string>>, object]>([
    [
      'a Secret that is missing',
      { authInfo: { basic: { secretRef: { name: 'x' } } } },
      {},
      missing('Secret "n/x"'),
    ],
    ['an annotation without sense', {}, { [brokerAnnotations.apiVersion]: 'x' }, invalid('MAJOR.MINOR')],
    ['a URL that is none', { url: 'nonsense' }, {}, invalid('spec.url')],
  ])('is unavailable with %s', async (_name, spec, annotations, expected) => {
    world = await World.start();
    world.putBroker(spec, annotations);
    expect(await world.connect()).toMatchObject(expected);
  });

  it('is unavailable when a client certificate is garbage', async () => {
    world = await World.start();
    world.reader.secret('n/tls', { 'tls.crt': 'garbage', 'tls.key': 'garbage' });
    world.putBroker({ url: 'https://127.0.0.1:1' }, { [brokerAnnotations.clientCertificateSecret]: 'tls' });
    const result = await world.connect();
    const problem =
      result.kind === 'connected' ? await result.client.catalog({}, new AbortController().signal) : result;
    expect(problem).not.toMatchObject({ kind: 'catalog' });
    expect(JSON.stringify(problem)).not.toContain('BEGIN');
  });

  it('is unavailable for a broker that does not exist', async () => {
    world = await World.start();
    const result = await world.connections.connect(
      { kind: 'ClusterServiceBroker', name: 'b' },
      new AbortController().signal,
      undefined,
    );
    expect(result).toMatchObject({ kind: 'unavailable', reason: 'ReferencesNonexistentBroker' });
  });

  it('does not pass on to another broker of the same name', async () => {
    world = await World.start();
    const first = await world.client();
    world.putBroker({}, {}, 'uid-2');
    expect(await world.client()).not.toBe(first);
    expect(world.reader.reads).toHaveLength(2);
  });

  it('gives a run a client that is away while a request is under way, and at no other time', async () => {
    world = await World.start();
    const seen: string[] = [];
    const turn = {
      away: async <T>(work: () => Promise<T>): Promise<T> => {
        seen.push(`${world.broker.requests.length} requests`);
        const result = await work();
        seen.push(`${world.broker.requests.length} requests`);
        return result;
      },
    };
    const signal = new AbortController().signal;
    const result = await world.connections.connect(ref, signal, turn);
    if (result.kind === 'unavailable') throw new Error(result.message);
    expect(seen).toEqual([]);
    expect(await result.client.catalog({}, signal)).toMatchObject({ kind: 'catalog' });
    expect(seen).toEqual(['0 requests', '1 requests']);
    expect(await world.catalog()).toBe('catalog');
    expect(seen).toHaveLength(2);
  });

  it('rejects when the caller gives up, and goes on for the others', async () => {
    world = await World.start();
    const given = new AbortController();
    const first = world.connections.connect(ref, given.signal, undefined);
    const second = world.client();
    given.abort();
    await expect(first).rejects.toMatchObject({ name: 'AbortError' });
    await second;
  });

  it('tells its listeners of failures, and of a circuit that opens', async () => {
    world = await World.start();
    const news: BrokerNews[] = [];
    const unsubscribe = world.connections.subscribe((item) => news.push(item));
    await world.broker.stop();
    for (let attempt = 0; attempt < 5; attempt++) await world.catalog();
    expect(news.filter(({ kind }) => kind === 'failure')).toHaveLength(5);
    expect(news).toContainEqual({ kind: 'circuit', ref, state: 'open' });
    expect(world.connections.circuitState(ref)).toBe('open');

    unsubscribe();
    await world.catalog();
    expect(news.filter(({ kind }) => kind === 'failure')).toHaveLength(5);
  });

  it('tells its listeners when it was replaced, and that the circuit of the new one is closed', async () => {
    world = await World.start();
    await world.broker.stop();
    for (let attempt = 0; attempt < 5; attempt++) await world.catalog();
    const news: BrokerNews[] = [];
    world.connections.subscribe((item) => news.push(item));
    world.reader.secret('n/auth', { username: 'broker', password: 'another' });
    world.nowMs += 40_000;
    await world.connect();
    expect(news).toEqual([
      { kind: 'circuit', ref, state: 'closed' },
      { kind: 'replaced', ref },
    ]);
    await world.connect();
    expect(news).toHaveLength(2);
  });

  it('stays open for whoever has it, but not all of those that somebody replaces one after the other', async () => {
    world = await World.start();
    const clients = [];
    for (let edit = 0; edit < 40; edit++) {
      clients.push(await world.client());
      world.putBroker({ url: `${world.broker.url}/?edit=${edit}` });
    }
    await world.client();
    const signal = new AbortController().signal;
    await expect(clients[39]?.catalog({}, signal)).resolves.not.toMatchObject({ reason: 'Cancelled' });
    await expect(clients[0]?.catalog({}, signal)).resolves.toMatchObject({
      reason: 'Cancelled',
      sent: false,
    });
  });

  it('is made anew after it was forgotten', async () => {
    world = await World.start();
    const first = await world.client();
    world.connections.forget(ref);
    expect(world.connections.circuitState(ref)).toBeUndefined();
    expect(await world.client()).not.toBe(first);
  });
});

function missing(message: string): object {
  return {
    kind: 'unavailable',
    reason: 'ErrorGettingAuthCredentials',
    message: expect.stringContaining(message) as unknown,
  };
}

function invalid(message: string): object {
  return {
    kind: 'unavailable',
    reason: 'InvalidBrokerSettings',
    message: expect.stringContaining(message) as unknown,
  };
}

/** An OAuth2 token endpoint for client credentials. */
class TokenServer {
  readonly url: string;
  readonly forms: Readonly<Record<string, string>>[] = [];
  readonly #server: Server;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.url = `http://127.0.0.1:${port}/token`;
  }

  static async start(clients: Readonly<Record<string, string>>, token: string): Promise<TokenServer> {
    const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const [id = '', secret = ''] = Buffer.from((request.headers.authorization ?? '').slice(6), 'base64')
        .toString()
        .split(':');
      started.forms.push(Object.fromEntries(new URLSearchParams(await text(request))));
      response.statusCode = clients[id] === secret ? 200 : 401;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ access_token: token, token_type: 'bearer', expires_in: 60 }));
    };
    const http = createServer((request, response) => void answer(request, response));
    const started = new TokenServer(http, await listen(http, '127.0.0.1', undefined));
    return started;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

class World {
  readonly broker: TestBroker;
  readonly reader = new ObjectReader();
  readonly connections: BrokerConnections;
  nowMs = 1_000_000;
  readonly #stores = createStores({ client: {} as KubeClient, logger: silentLogger });
  #version = 0;

  private constructor(broker: TestBroker) {
    this.broker = broker;
    this.connections = new BrokerConnections({
      client: this.reader.client,
      stores: this.#stores,
      logger: silentLogger,
      settings: { timeoutMs: 2_000, allowLoopback: true, environment: {} },
      stopwatch: { elapsedMs: () => this.nowMs },
    });
    this.useCredentials();
    this.putBroker({});
  }

  static async start(options: TestBrokerOptions = {}): Promise<World> {
    return new World(await TestBroker.start(options));
  }

  useCredentials(): void {
    const { auth } = this.broker;
    if (auth.kind === 'basic') {
      this.reader.secret('n/auth', { username: auth.username, password: auth.password });
    }
  }

  putBroker(spec: object, annotations: Readonly<Record<string, string>> = {}, uid = 'uid-1'): void {
    this.#stores.serviceBrokers.store.put({
      metadata: { name: 'b', namespace: 'n', uid, annotations, resourceVersion: this.#nextVersion() },
      spec: {
        url: this.broker.url,
        authInfo: { basic: { secretRef: { name: 'auth' } } },
        ...spec,
      },
    });
  }

  deleteNamespace(): void {
    const metadata = {
      name: 'n',
      deletionTimestamp: '2026-01-01T00:00:00Z',
      resourceVersion: this.#nextVersion(),
    };
    this.#stores.namespaces.store.put({ metadata });
  }

  connect(signal = new AbortController().signal): Promise<ConnectResult> {
    return this.connections.connect(ref, signal, undefined);
  }

  async client() {
    const result = await this.connect();
    if (result.kind === 'unavailable') throw new Error(result.message);
    return result.client;
  }

  /** What a fetch of the catalog came to: "catalog", or why not; failures are reported, as every caller does. */
  async catalog(): Promise<string> {
    const client = await this.client();
    const outcome = await client.catalog({}, new AbortController().signal);
    if (outcome.kind !== 'failed') return outcome.kind;
    const failure: Failure = outcome;
    this.connections.reportFailure(ref, failure);
    return failure.reason;
  }

  async stop(): Promise<void> {
    await this.connections.close();
    await this.broker.stop();
  }

  #nextVersion(): string {
    return String(++this.#version);
  }
}
