import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { CachedValue } from '../base/cached-value.ts';
import type { KubeConnection, TlsOptions } from './connection.ts';

/** Where the kubelet mounts the token of a Pod's service account. */
export const serviceAccountDirectory = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The kubelet replaces a token at 80 % of its life, long before it ends; reading it is cheap. */
const rereadMs = 10_000;

/**
 * The connection of a Pod, or undefined when this process is in none. Read here and not through client-node:
 * it is two files and two variables, and the servers start three times faster without that package.
 * @param directory where ca.crt, token and namespace are
 */
export async function inClusterConnection(
  env: Readonly<Record<string, string | undefined>>,
  directory: string = serviceAccountDirectory,
): Promise<KubeConnection | undefined> {
  const host = env['KUBERNETES_SERVICE_HOST'];
  const port = env['KUBERNETES_SERVICE_PORT'];
  if (!host || !port) return undefined;
  const tokenPath = join(directory, 'token');
  const token = new CachedValue(rereadMs, async () => (await readFile(tokenPath, 'utf8')).trim());
  try {
    await token.get();
  } catch {
    return undefined;
  }
  const authority = new CachedValue(rereadMs, () => readFile(join(directory, 'ca.crt'), 'utf8'));
  const namespace = await readFile(join(directory, 'namespace'), 'utf8').catch(() => '');
  let tls: TlsOptions = {};
  return {
    server: new URL(`https://${isIPv6(host) ? `[${host}]` : host}:${port}`),
    source: "the Pod's service account",
    ...(namespace.trim() === '' ? {} : { namespace: namespace.trim() }),
    tls: async () => {
      const ca = await authority.get();
      if (ca !== tls.ca) tls = { ca };
      return tls;
    },
    headers: async () => ({ authorization: `Bearer ${await token.get()}` }),
    refresh: async () => {
      await token.refresh().catch(() => undefined);
      await authority.refresh().catch(() => undefined);
    },
  };
}
