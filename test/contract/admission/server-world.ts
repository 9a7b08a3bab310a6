import { createAuthority, issueLeaf } from '../../../src/certs/authority.ts';
import type { CertificatePair } from '../../../src/certs/certificate-types.ts';
import type { AdmissionObservation } from '../../../src/admission/answer.ts';
import type { Handler } from '../../../src/admission/decision.ts';
import {
  AdmissionServer,
  type AdmissionServerOptions,
  type ServingPair,
} from '../../../src/admission/server.ts';
import type { LogFields, Logger } from '../../../src/base/logger.ts';
import { freePort } from '../../support/free-port.ts';
import { HttpsConnection } from './https-client.ts';

const validity = { notBeforeMs: Date.now() - 3_600_000, notAfterMs: Date.now() + 86_400_000 };
const names = { dnsNames: ['localhost'], ipAddresses: ['127.0.0.1'] };

export interface TestAuthority {
  readonly ca: string;
  issue(): Promise<CertificatePair>;
}

export async function testAuthority(): Promise<TestAuthority> {
  const authority = await createAuthority(validity);
  return { ca: authority.cert, issue: () => issueLeaf(authority, names, validity) };
}

/** Where the server gets its certificate from; `replace` is a renewal. */
export class TestCertificate {
  current: ServingPair;
  readonly #listeners = new Set<(pair: ServingPair) => void>();

  constructor(pair: ServingPair) {
    this.current = pair;
  }

  subscribe(listener: (pair: ServingPair) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  replace(pair: ServingPair): void {
    this.current = pair;
    for (const listener of this.#listeners) listener(pair);
  }
}

export interface RunningServer {
  readonly port: number;
  readonly observations: readonly AdmissionObservation[];
  readonly lines: readonly string[];
  /** Begins the shutdown; resolves when it is over. */
  stop(): Promise<void>;
  connect(): Promise<HttpsConnection>;
}

/** Servers and connections of one test file; `closeAll` ends what a test has left open. */
export class ServerWorld {
  readonly authority: TestAuthority;
  readonly certificate: TestCertificate;
  readonly #running: RunningServer[] = [];
  readonly #connections: HttpsConnection[] = [];

  private constructor(authority: TestAuthority, pair: ServingPair) {
    this.authority = authority;
    this.certificate = new TestCertificate(pair);
  }

  static async create(): Promise<ServerWorld> {
    const authority = await testAuthority();
    return new ServerWorld(authority, await authority.issue());
  }

  async start(
    handlers: Readonly<Record<string, Handler>>,
    options: Partial<AdmissionServerOptions> = {},
  ): Promise<RunningServer> {
    const observations: AdmissionObservation[] = [];
    const lines: string[] = [];
    const line = (fields: LogFields, message: string): number =>
      lines.push(JSON.stringify({ ...fields, message }));
    const logger: Logger = { debug: line, info: line, warn: line, error: line };
    for (let attempt = 0; ; attempt++) {
      const server = new AdmissionServer({
        host: '127.0.0.1',
        port: await freePort(),
        handlers: new Map(Object.entries(handlers)),
        certificate: this.certificate,
        logger,
        observe: (observation) => observations.push(observation),
        graceMs: 2_000,
        ...options,
      });
      const stopping = new AbortController();
      const done = server.start(stopping.signal);
      try {
        const { port } = await Promise.race([server.listening, done.then(() => server.listening)]);
        const running: RunningServer = {
          port,
          observations,
          lines,
          stop: () => {
            stopping.abort();
            return done;
          },
          connect: () => this.connect(port),
        };
        this.#running.push(running);
        return running;
      } catch (error) {
        if ((error as { readonly code?: string }).code !== 'EADDRINUSE' || attempt > 10) throw error;
      }
    }
  }

  async connect(port: number): Promise<HttpsConnection> {
    const connection = await HttpsConnection.open(port, { ca: this.authority.ca });
    this.#connections.push(connection);
    return connection;
  }

  async closeAll(): Promise<void> {
    for (const connection of this.#connections.splice(0)) connection.close();
    await Promise.all(this.#running.splice(0).map((server) => server.stop()));
  }
}

export function review(request: Record<string, unknown> = {}, version = 'v1'): string {
  return JSON.stringify({
    apiVersion: `admission.k8s.io/${version}`,
    kind: 'AdmissionReview',
    request: {
      uid: 'uid-1',
      operation: 'CREATE',
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      namespace: 'shop',
      userInfo: { username: 'system:serviceaccount:kube-system:replicaset-controller' },
      object: {
        metadata: { annotations: { 'bind.servicecatalog.k8s.io/db': 'secret/creds' } },
        spec: { containers: [{ name: 'app' }] },
      },
      ...request,
    },
  });
}
