import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { writeKubeconfig } from './kubeconfig.ts';
import { runKubectl, type KubectlResult } from './kubectl.ts';

/** What a test needs to talk to a cluster as its administrator and as others. */
export interface ClusterAccess {
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
  /** Such as `https://127.0.0.1:12345`. */
  readonly server: string;
  /** Environment for child processes: KUBECONFIG, and a PATH on which kubectl is. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs kubectl as the administrator (or with `--kubeconfig` as somebody else); a refusal is a `code`, not a throw. */
  readonly kubectl: (args: readonly string[], input?: string) => Promise<KubectlResult>;
  /** Makes a kubeconfig for that user, who may do what RBAC grants to the name and the groups. Gives its path. */
  readonly kubeconfigFor: (user: string, groups?: readonly string[]) => Promise<string>;
}

/** Where the parts of a control plane that was started here lie; plain data, so that other processes can be told. */
export interface ControlPlaneFiles {
  readonly directory: string;
  readonly server: string;
  readonly kubectl: string;
}

export const adminKubeconfig = (directory: string): string => join(directory, 'kubeconfig');
export const authorityCertificate = (directory: string): string => join(directory, 'ca.crt');
export const authorityKey = (directory: string): string => join(directory, 'ca.key');

/** Access to a control plane that was started here, in this process or in another one. */
export function accessControlPlane(files: ControlPlaneFiles): ClusterAccess {
  const { directory, server } = files;
  const kubeconfig = adminKubeconfig(directory);
  const env = clusterEnvironment(kubeconfig, files.kubectl, directory);
  return {
    kubeconfig,
    server,
    env,
    kubectl: (args, input) => runKubectl({ command: files.kubectl, args, env, ...optionalInput(input) }),
    kubeconfigFor: async (user, groups = []) => {
      const [certificatePem, keyPem] = await Promise.all([
        readFile(authorityCertificate(directory), 'utf8'),
        readFile(authorityKey(directory), 'utf8'),
      ]);
      // Only here: most test files never need it, and its cryptography takes a while to load.
      const { issueClientCertificate } = await import('./certificates.ts');
      const client = await issueClientCertificate(
        { certificatePem, keyPem },
        { commonName: user, organizations: groups },
      );
      const path = userKubeconfigPath(directory);
      await writeKubeconfig(path, {
        server,
        authorityPem: certificatePem,
        userName: user,
        user: { clientCertificatePem: client.certificatePem, clientKeyPem: client.keyPem },
      });
      return path;
    },
  };
}

/**
 * Access to a cluster that already exists, by its kubeconfig. Other users are impersonated, since only its owner
 * could give them credentials: the administrator needs the right to impersonate, and a client must honour `as`
 * and `as-groups` of a kubeconfig.
 * @param directory where kubeconfigs of other users are written
 * @param kubectlPath absolute, or its name on the PATH
 */
export async function accessExistingCluster(
  kubeconfig: string,
  directory: string,
  kubectlPath: string,
): Promise<ClusterAccess> {
  const env = clusterEnvironment(kubeconfig, kubectlPath, directory);
  const kubectl: ClusterAccess['kubectl'] = (args, input) =>
    runKubectl({ command: kubectlPath, args, env, ...optionalInput(input) });
  const view = await kubectl(['config', 'view', '--minify', '--flatten', '--raw', '-o', 'json']);
  if (view.code !== 0) throw new Error(`${kubeconfig} can not be read: ${view.stderr.trim()}`);
  const config = JSON.parse(view.stdout) as MinifiedConfig;
  return {
    kubeconfig,
    server: config.clusters[0].cluster.server,
    env,
    kubectl,
    kubeconfigFor: async (user, groups = []) => {
      const [{ name, user: credentials }] = config.users;
      const impersonating = {
        ...credentials,
        as: user,
        ...(groups.length > 0 ? { 'as-groups': groups } : {}),
      };
      const path = userKubeconfigPath(directory);
      await writeFile(path, JSON.stringify({ ...config, users: [{ name, user: impersonating }] }), {
        mode: 0o600,
      });
      return path;
    },
  };
}

/** `kubectl config view --minify`: the one cluster and the one user of the current context. */
interface MinifiedConfig {
  readonly clusters: readonly [{ readonly cluster: { readonly server: string } }];
  readonly users: readonly [{ readonly name: string; readonly user: object }];
}

function clusterEnvironment(kubeconfig: string, kubectl: string, directory: string): Record<string, string> {
  const inherited = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const path = process.env['PATH'] ?? '';
  return {
    ...Object.fromEntries(inherited),
    KUBECONFIG: kubeconfig,
    PATH: isAbsolute(kubectl) ? `${dirname(kubectl)}:${path}` : path,
    // Discovery is cached by address and port, which the next control plane may use again.
    KUBECACHEDIR: join(directory, 'kubectl-cache'),
    // Nobody's aliases and defaults.
    KUBERC: 'off',
  };
}

function userKubeconfigPath(directory: string): string {
  return join(directory, `user-${randomBytes(6).toString('hex')}.kubeconfig`);
}

function optionalInput(input: string | undefined): { input?: string } {
  return input === undefined ? {} : { input };
}
