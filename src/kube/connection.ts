/** TLS of a new connection. PEM, as text or bytes. */
export interface TlsOptions {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  /** Name that the server's certificate must have, when it is not the host of the address. */
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

export type Headers = Readonly<Record<string, string | string[]>>;

/** Where the API server is and how to prove who we are. */
export interface KubeConnection {
  /** Base URL; may have a path prefix (a management cluster, a proxy). */
  readonly server: URL;
  /** Namespace of the context, or of the Pod. */
  readonly namespace?: string;
  /** For messages: `context "x" of /home/u/.kube/config`, `the Pod's service account`. */
  readonly source: string;
  /** HTTP proxy in front of the API server. */
  readonly proxyUrl?: string;
  /** For new connections. The same object again as long as nothing changed on disk. */
  tls(): Promise<TlsOptions>;
  /** Authorization and Impersonate-* headers for the next request. */
  headers(): Promise<Headers>;
  /** Forgets what is cached: the server did not accept it (401). */
  refresh(): Promise<void>;
}
