import { isObject, type JsonObject } from '../base/json.ts';
import type { Headers } from './connection.ts';
import { text, type ChosenContext } from './kubeconfig.ts';

/** The chosen context as a kubeconfig that client-node understands in full. */
export function toClientNode(chosen: ChosenContext): JsonObject {
  const isPlainHttp = text(chosen.cluster, 'server')?.startsWith('http:') ?? false;
  const { 'proxy-url': _ours, ...cluster } = chosen.cluster;
  return {
    apiVersion: 'v1',
    kind: 'Config',
    // client-node refuses plain http (kubectl proxy) unless verification is off; there is nothing to verify.
    clusters: [
      { name: 'c', cluster: isPlainHttp ? { ...cluster, 'insecure-skip-tls-verify': true } : cluster },
    ],
    users: [{ name: 'u', user: withPluginInfo(withTokenFile(chosen.user), chosen.cluster) }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
}

/** Whom to act as. client-node knows only `as`; leaving out the groups would change who we are. */
export function impersonation(user: JsonObject): Headers {
  const headers: Record<string, string | string[]> = {};
  const name = text(user, 'as');
  if (name !== undefined) headers['impersonate-user'] = name;
  const uid = text(user, 'as-uid');
  if (uid !== undefined) headers['impersonate-uid'] = uid;
  const groups = user['as-groups'];
  if (Array.isArray(groups) && groups.length > 0) headers['impersonate-group'] = groups.map(String);
  const extra = user['as-user-extra'];
  for (const [key, values] of Object.entries(isObject(extra) ? extra : {})) {
    if (Array.isArray(values)) {
      headers[`impersonate-extra-${encodeURIComponent(key).toLowerCase()}`] = values.map(String);
    }
  }
  return headers;
}

/** What gets the credentials, when it is a program or a provider: its name for messages. */
export function pluginName(user: JsonObject): string | undefined {
  return text(user['exec'], 'command') ?? text(user['auth-provider'], 'name');
}

/** `tokenFile` wins over `token`, as with kubectl; client-node knows it only as an auth provider. */
function withTokenFile(user: JsonObject): JsonObject {
  const tokenFile = text(user, 'tokenFile');
  if (tokenFile === undefined) return user;
  const { tokenFile: _file, token: _token, ...others } = user;
  return { ...others, 'auth-provider': { name: 'tokenFile', config: { tokenFile } } };
}

/** Credential plugins are told the version to answer in, and the cluster when they ask for it. */
function withPluginInfo(user: JsonObject, cluster: JsonObject): JsonObject {
  const exec = user['exec'];
  if (!isObject(exec)) return user;
  const info = {
    apiVersion: exec['apiVersion'] ?? 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    spec: { interactive: false, ...(exec['provideClusterInfo'] === true ? { cluster } : {}) },
  };
  const env = Array.isArray(exec['env']) ? exec['env'] : [];
  const variable = { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) };
  return { ...user, exec: { ...exec, env: [...env, variable] } };
}
