import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { compact } from '../base/compact.ts';
import { isObject } from '../base/json.ts';
import { errorMessage } from '../base/logger.ts';
import { CachedValue } from '../base/cached-value.ts';
import type { Headers, KubeConnection, TlsOptions } from './connection.ts';
import { CredentialsError } from './errors.ts';
import { inClusterConnection, serviceAccountDirectory } from './in-cluster.ts';
import { chooseContext, text, type ChosenContext, type KubeconfigFile } from './kubeconfig.ts';
import { impersonation, pluginName, toClientNode } from './kubeconfig-user.ts';

export type { KubeConnection } from './connection.ts';

export interface LoadConnectionOptions {
  /** Path of a kubeconfig. Without it: $KUBECONFIG, the Pod's service account, ~/.kube/config. */
  readonly kubeconfig?: string | undefined;
  /** Context to use instead of the current one; then the Pod's service account is not considered. */
  readonly context?: string | undefined;
  /** @default process.env */
  readonly env?: Environment | undefined;
  /**
   * The proxy that the environment wants for an address, for a kubeconfig without `proxy-url`. Not asked in a
   * Pod: there the variables are for what is outside of the cluster.
   */
  readonly proxyFor?: ((server: URL, env: Environment) => string | undefined) | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Long enough to answer from memory, short enough to see a renewed token or certificate file in time. */
const rereadMs = 10_000;
/** A credential plugin may ask somebody on another device; it must not hang for ever. */
const pluginTimeoutMs = 60_000;

/**
 * Finds the API server and our credentials, as kubectl would.
 * @throws CredentialsError that says where it looked and what to do
 */
export async function loadConnection(options: LoadConnectionOptions = {}): Promise<KubeConnection> {
  const env = options.env ?? process.env;
  const looked: string[] = [];
  const fromFiles = (files: readonly KubeconfigFile[]): Promise<KubeConnection> =>
    fileConnection(files, options.context, (server) => options.proxyFor?.(server, env));
  if (options.kubeconfig !== undefined) return fromFiles([await readConfig(options.kubeconfig)]);
  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter(Boolean);
  if (listed.length === 0) looked.push('$KUBECONFIG (not set)');
  else {
    // As kubectl: files of the list that do not exist are passed over.
    const files = await readConfigs(listed);
    if (files.length > 0) return fromFiles(files);
    looked.push(`$KUBECONFIG (no such file: ${listed.join(', ')})`);
  }
  if (options.context === undefined) {
    const connection = await inClusterConnection(env);
    if (connection !== undefined) return connection;
    looked.push(`the Pod's service account (not in a Pod: no ${serviceAccountDirectory}/token)`);
  }
  const path = join(env['HOME'] ?? homedir(), '.kube', 'config');
  const [file] = await readConfigs([path]);
  if (file !== undefined) return fromFiles([file]);
  looked.push(`${path} (no such file)`);
  throw new CredentialsError(
    `no Kubernetes credentials found. Looked at ${looked.join('; ')}. Pass --kubeconfig <file> or set KUBECONFIG.`,
  );
}

async function readConfigs(paths: readonly string[]): Promise<readonly KubeconfigFile[]> {
  const files: KubeconfigFile[] = [];
  for (const path of paths) {
    const file = await readConfig(path).catch((error: unknown) => {
      const cause = error instanceof CredentialsError ? error.cause : error;
      if (isObject(cause) && cause['code'] === 'ENOENT') return undefined;
      throw error;
    });
    if (file !== undefined) files.push(file);
  }
  return files;
}

async function readConfig(path: string): Promise<KubeconfigFile> {
  const content = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new CredentialsError(`can not read the kubeconfig ${path}: ${errorMessage(cause)}`, { cause });
  });
  const { loadYaml } = await import('@kubernetes/client-node');
  try {
    return { path, document: loadYaml<unknown>(content) };
  } catch (cause) {
    // The parser's message quotes the line it stumbled over, which may hold a token: only where, not what.
    const line = isObject(cause) && isObject(cause['mark']) ? cause['mark']['line'] : undefined;
    const where = typeof line === 'number' ? ` (line ${line + 1})` : '';
    throw new CredentialsError(`the kubeconfig ${path} is not valid YAML${where}`);
  }
}

/** A connection that reads its files again now and then, and after a 401. */
async function fileConnection(
  files: readonly KubeconfigFile[],
  context: string | undefined,
  proxyFor: (server: URL) => string | undefined,
): Promise<KubeConnection> {
  const chosen = chooseContext(files, context);
  const server = serverUrl(chosen, files);
  let tls: TlsOptions = {};
  let evaluate = await evaluator(chosen);
  const credentials = new CachedValue(rereadMs, async () => {
    const evaluated = await evaluate();
    if (!sameTls(tls, evaluated.tls)) tls = evaluated.tls;
    return { headers: evaluated.headers, tls };
  });
  const proxyUrl = text(chosen.cluster, 'proxy-url') ?? proxyFor(server);
  return {
    server,
    source: `context "${chosen.name}" of ${files.map(({ path }) => path).join(', ')}`,
    ...compact({ namespace: chosen.namespace, proxyUrl }),
    tls: async () => (await credentials.get()).tls,
    headers: async () => (await credentials.get()).headers,
    refresh: async () => {
      // The files themselves may have changed: a new token, another plugin.
      const again = await readConfigs(files.map(({ path }) => path)).catch(() => files);
      evaluate = await evaluator(again.length === 0 ? chosen : chooseContext(again, chosen.name));
      await credentials.refresh();
    },
  };
}

interface Evaluated {
  readonly headers: Headers;
  readonly tls: TlsOptions;
}

/** client-node does the rest: reads certificate files, runs credential plugins, refreshes OIDC tokens. */
async function evaluator(chosen: ChosenContext): Promise<() => Promise<Evaluated>> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  config.loadFromString(JSON.stringify(toClientNode(chosen)));
  return async () => {
    const options: RequestOptions = {};
    await withDeadline(chosen, config.applyToHTTPSOptions(options));
    const { ca, cert, key, rejectUnauthorized } = options;
    const servername = text(chosen.cluster, 'tls-server-name');
    return {
      headers: { ...authorization(options), ...impersonation(chosen.user) },
      tls: compact({ ca, cert, key, rejectUnauthorized, servername }) as TlsOptions,
    };
  };
}

function authorization({ headers, auth }: RequestOptions): Headers {
  const found: Record<string, string> = {};
  if (typeof auth === 'string') found['authorization'] = `Basic ${Buffer.from(auth).toString('base64')}`;
  // A token from a file ends with a newline, which no header may hold.
  for (const [name, value] of Object.entries(headers ?? {})) {
    found[name.toLowerCase()] = String(value).trim();
  }
  return found;
}

async function withDeadline(chosen: ChosenContext, credentials: Promise<void>): Promise<void> {
  const plugin = pluginName(chosen.user);
  const what = `context "${chosen.name}": ${plugin === undefined ? 'the credentials' : `credential plugin "${plugin}"`}`;
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(
      new CredentialsError(
        `${what} did not answer within ${pluginTimeoutMs / 1000} s; does it ask something?`,
      ),
    );
  }, pluginTimeoutMs);
  try {
    await Promise.race([credentials, late]);
  } catch (cause) {
    if (cause instanceof CredentialsError) throw cause;
    const said = errorMessage(cause).trim().slice(0, 300);
    throw new CredentialsError(`${what} can not be used: ${said}`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

function serverUrl(chosen: ChosenContext, files: readonly KubeconfigFile[]): URL {
  const server = text(chosen.cluster, 'server') ?? '';
  const url = URL.parse(server);
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url;
  const paths = files.map(({ path }) => path).join(', ');
  throw new CredentialsError(
    `${paths}: the server of context "${chosen.name}" is no http(s) address: "${server}"`,
  );
}

function sameTls(left: TlsOptions, right: TlsOptions): boolean {
  const fields = ['ca', 'cert', 'key', 'servername', 'rejectUnauthorized'] as const;
  return fields.every((field) => String(left[field]) === String(right[field]));
}
