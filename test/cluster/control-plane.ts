import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../support/free-port.ts';
import { apiServerReady } from './api-server-ready.ts';
import { findBinaries, type Binaries } from './binaries.ts';
import { issueServerCertificate, makeAuthority } from './certificates.ts';
import {
  accessControlPlane,
  adminKubeconfig,
  authorityCertificate,
  authorityKey,
  type ClusterAccess,
  type ControlPlaneFiles,
} from './cluster-access.ts';
import { ControlPlaneServer, ServerExitError } from './control-plane-server.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import {
  apiServerFlags,
  controllerManagerFlags,
  etcdFlags,
  serverCertificate,
  serverKey,
  serviceAccountKey,
  tokenFile,
  type AdmissionOptions,
} from './server-flags.ts';

export interface ControlPlaneOptions {
  readonly admission?: AdmissionOptions;
  /** Receives progress of a build and notice of a server that died; default: standard error. */
  readonly log?: (line: string) => void;
  /** Directory in which the control plane makes its own temporary one; default: the system's. */
  readonly dir?: string;
  /** Default: what `findBinaries` finds or builds. */
  readonly binaries?: Binaries;
  /** More flags of kube-apiserver, such as `--audit-log-path=…`. */
  readonly apiServerArgs?: readonly string[];
  /** More flags of etcd, such as `--quota-backend-bytes=…`. */
  readonly etcdArgs?: readonly string[];
  /** Time for the API server to become ready, 60 s by default. A build before it is not counted. */
  readonly readyTimeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface StopOptions {
  /** SIGTERM, so that requests in flight are answered; default: SIGKILL. */
  readonly graceful?: boolean;
}

/** etcd, kube-apiserver and kube-controller-manager on free ports of 127.0.0.1, with a directory of their own. */
export interface ControlPlane extends ClusterAccess {
  /** Bearer token of the administrator, a member of system:masters. */
  readonly token: string;
  /** What another process needs for `accessControlPlane`. */
  readonly files: ControlPlaneFiles;
  /** Where etcd answers, also to JSON over HTTP. */
  readonly etcdUrl: string;
  /** Stops and starts the API server: same address, same data, same credentials. Resolves when it is ready. */
  restartApiServer(options?: StopOptions): Promise<void>;
  stopApiServer(options?: StopOptions): Promise<void>;
  /** Resolves when it is ready. */
  startApiServer(): Promise<void>;
  /** SIGSTOP: connections stay open, and nobody gets an answer. */
  pauseApiServer(): void;
  /** SIGCONT. What has come meanwhile is served. */
  resumeApiServer(): void;
  /** Ends all processes and removes the directory. May be called again. */
  stop(): Promise<void>;
}

const maxPortAttempts = 5;

/**
 * Starts a real Kubernetes control plane. Takes about three seconds, and minutes before that when it has to be
 * built. It lives as long as this process at most: when this process ends, even by SIGKILL, so do the servers,
 * and the directory is removed.
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const log = options.log ?? ((line: string): unknown => process.stderr.write(`${line}\n`));
  const optionalSignal = options.signal === undefined ? {} : { signal: options.signal };
  const binaries = options.binaries ?? (await findBinaries({ log, ...optionalSignal }));
  for (let attempt = 1; ; attempt++) {
    let started = false;
    // Until then the error that is thrown tells it.
    const plane = await LocalControlPlane.prepare(binaries, options, (notice) => {
      if (started) log(notice);
    });
    try {
      await plane.start();
      started = true;
      return plane;
    } catch (error: unknown) {
      await plane.stop();
      if (!(error instanceof ServerExitError && error.portTaken && attempt < maxPortAttempts)) throw error;
    }
  }
}

interface Parts {
  readonly etcd: ControlPlaneServer;
  readonly apiServer: ControlPlaneServer;
  readonly controllerManager: ControlPlaneServer;
}

class LocalControlPlane implements ControlPlane {
  readonly files: ControlPlaneFiles;
  readonly token: string;
  readonly etcdUrl: string;
  readonly kubeconfig: string;
  readonly server: string;
  readonly env: ClusterAccess['env'];
  readonly kubectl: ClusterAccess['kubectl'];
  readonly kubeconfigFor: ClusterAccess['kubeconfigFor'];
  readonly #options: ControlPlaneOptions;
  readonly #parts: Parts;

  /** Makes the directory with certificates and credentials, and chooses ports. Starts nothing. */
  static async prepare(
    binaries: Binaries,
    options: ControlPlaneOptions,
    onUnexpectedExit: (notice: string) => void,
  ): Promise<LocalControlPlane> {
    const directory = await mkdtemp(join(options.dir ?? tmpdir(), 'bindery-control-plane-'));
    try {
      const [etcdClient = 0, etcdPeer = 0, apiServer = 0] = await freePorts(3);
      const ports = { etcdClient, etcdPeer, apiServer };
      const server = `https://127.0.0.1:${apiServer}`;
      const token = randomBytes(24).toString('hex');
      await writeCredentials(directory, server, token);
      const common = { directory, onUnexpectedExit };
      const parts = {
        etcd: new ControlPlaneServer({
          ...common,
          name: 'etcd',
          command: binaries.etcd,
          args: [...etcdFlags(directory, ports), ...(options.etcdArgs ?? [])],
        }),
        apiServer: new ControlPlaneServer({
          ...common,
          name: 'kube-apiserver',
          command: binaries.kubeApiserver,
          args: [
            ...apiServerFlags(directory, ports, options.admission ?? {}),
            ...(options.apiServerArgs ?? []),
          ],
        }),
        controllerManager: new ControlPlaneServer({
          ...common,
          name: 'kube-controller-manager',
          command: binaries.kubeControllerManager,
          args: controllerManagerFlags(directory),
        }),
      };
      const etcdUrl = `http://127.0.0.1:${etcdClient}`;
      const files = { directory, server, kubectl: binaries.kubectl };
      return new LocalControlPlane(files, { token, etcdUrl }, options, parts);
    } catch (error: unknown) {
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }

  private constructor(
    files: ControlPlaneFiles,
    { token, etcdUrl }: Pick<ControlPlane, 'token' | 'etcdUrl'>,
    options: ControlPlaneOptions,
    parts: Parts,
  ) {
    const access = accessControlPlane(files);
    this.files = files;
    this.token = token;
    this.etcdUrl = etcdUrl;
    this.kubeconfig = access.kubeconfig;
    this.server = access.server;
    this.env = access.env;
    this.kubectl = access.kubectl;
    this.kubeconfigFor = access.kubeconfigFor;
    this.#options = options;
    this.#parts = parts;
  }

  async start(): Promise<void> {
    await this.#parts.etcd.start();
    await Promise.race([this.startApiServer(), this.#parts.etcd.failure()]);
    // Its controllers are eventually consistent anyway: nobody has to wait until they run.
    await this.#parts.controllerManager.start();
  }

  async restartApiServer(options: StopOptions = {}): Promise<void> {
    await this.stopApiServer(options);
    await this.startApiServer();
  }

  async stopApiServer(options: StopOptions = {}): Promise<void> {
    await this.#parts.apiServer.stop(options);
  }

  pauseApiServer(): void {
    this.#parts.apiServer.pause();
  }

  resumeApiServer(): void {
    this.#parts.apiServer.resume();
  }

  async startApiServer(): Promise<void> {
    const { apiServer } = this.#parts;
    await apiServer.start();
    const authorityPem = await readFile(authorityCertificate(this.files.directory), 'utf8');
    const timeoutMs = this.#options.readyTimeoutMs ?? 60_000;
    const over = new AbortController();
    const deadline = AbortSignal.timeout(timeoutMs);
    const { signal: caller } = this.#options;
    const signal = AbortSignal.any([over.signal, deadline, ...(caller === undefined ? [] : [caller])]);
    try {
      await Promise.race([
        apiServerReady({ server: this.server, authorityPem, token: this.token, signal }),
        apiServer.failure(),
      ]);
    } catch (error: unknown) {
      if (!deadline.aborted) throw error;
      const message = `kube-apiserver was not ready after ${timeoutMs} ms. ${await apiServer.lastWords()}`;
      throw new Error(message, { cause: error });
    } finally {
      over.abort();
    }
  }

  async stop(): Promise<void> {
    const { etcd, apiServer, controllerManager } = this.#parts;
    await Promise.all([controllerManager.stop(), apiServer.stop(), etcd.stop()]);
    await rm(this.files.directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function writeCredentials(directory: string, server: string, token: string): Promise<void> {
  const write = (name: string, content: string): Promise<void> =>
    writeFile(join(directory, name), content, { mode: 0o600 });
  const authority = await makeAuthority('bindery-test-authority');
  const serving = await issueServerCertificate(authority, {
    dns: ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'],
    ips: ['127.0.0.1', '10.0.0.1'],
  });
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'sec1', format: 'pem' },
  });
  await Promise.all([
    writeFile(authorityCertificate(directory), authority.certificatePem),
    writeFile(authorityKey(directory), authority.keyPem, { mode: 0o600 }),
    write(serverCertificate, serving.certificatePem),
    write(serverKey, serving.keyPem),
    write(serviceAccountKey, privateKey),
    write(tokenFile, `${token},admin,admin-uid,"system:masters"\n`),
    writeKubeconfig(adminKubeconfig(directory), {
      server,
      authorityPem: authority.certificatePem,
      userName: 'admin',
      user: { token },
    }),
  ]);
}
