import { compact } from '../base/compact.ts';
import { loadConnection, type KubeConnection } from '../kube/credentials.ts';
import { proxyFor } from '../osb/proxy.ts';

export interface ConnectOptions {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
}

/**
 * Finds the API server as kubectl does, also behind the proxy that HTTPS_PROXY and NO_PROXY name for it.
 * @throws CredentialsError
 */
export async function connect({ kubeconfig, context }: ConnectOptions): Promise<KubeConnection> {
  return loadConnection(compact({ kubeconfig, context, proxyFor }));
}
