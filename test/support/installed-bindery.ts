import type { BinderyProcess } from '../../demo/bindery-process.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { ensureNamespace, install, manifestNamespace } from '../../src/commands/install.ts';
import { readManifests } from '../../src/commands/manifests.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import type { ClusterAccess } from '../cluster/cluster-access.ts';
import { freePort } from './free-port.ts';
import type { ServiceWorld } from './world/service-world.ts';
import { waitFor } from './wait-for.ts';

export type Role = 'controller' | 'webhook';

/** User name of a role's ServiceAccount. */
export function accountOf(role: Role): string {
  return `system:serviceaccount:${manifestNamespace}:bindery-${role}`;
}

/** Kubeconfig of a role: what deploy/rbac grants to its ServiceAccount, and nothing more. */
export async function kubeconfigOf(role: Role, cluster: ClusterAccess): Promise<string> {
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${manifestNamespace}`];
  return cluster.kubeconfigFor(accountOf(role), groups);
}

/**
 * Everything that `bindery install` applies.
 * @param webhookUrl where the webhook will be. @default a free port of this machine
 * @param namespaces those that it is limited to. @default all
 * @returns where the webhook is to be
 */
export async function installBindery(
  { client }: Pick<ServiceWorld, 'client'>,
  webhookUrl?: URL,
  namespaces?: readonly string[],
): Promise<URL> {
  const url = webhookUrl ?? new URL(`https://127.0.0.1:${await freePort()}`);
  const signal = AbortSignal.timeout(60_000);
  const deps = { client, logger: silentLogger, namespace: manifestNamespace, namespaces, webhookUrl: url };
  await ensureNamespace(client, manifestNamespace, signal);
  await install({ ...deps, manifests: await readManifests() }, signal);
  return url;
}

/** With which a webhook is where it is called. */
export function webhookFlags({ host, origin }: URL): readonly string[] {
  return [`--listen=${host}`, `--webhook-url=${origin}`];
}

export interface InstalledBindery extends Readonly<Record<Role, BinderyProcess>> {
  readonly webhookUrl: URL;
}

/**
 * Bindery as people install it: controller and webhook, one process each, with the rights that are shipped.
 * @param args more flags of the roles; the controller leads without an election
 */
export async function startInstalled(
  world: ServiceWorld,
  args: Partial<Record<Role, readonly string[]>> = {},
): Promise<InstalledBindery> {
  const webhookUrl = await installBindery(world);
  const start = async (role: Role, flags: readonly string[]): Promise<BinderyProcess> => {
    const kubeconfig = await kubeconfigOf(role, world.controlPlane);
    return world.startRoleProcess({ role, kubeconfig, args: [...flags, ...(args[role] ?? [])] });
  };
  // The webhook is ready once the controller has published what to trust it by.
  const [controller, webhook] = await Promise.all([
    start('controller', ['--leader-elect=false']),
    start('webhook', webhookFlags(webhookUrl)),
  ]);
  return { controller, webhook, webhookUrl };
}

/**
 * A user with a certificate who has these ClusterRoles, by namespace; resolves when they count. `edit` and the like come
 * with what deploy/rbac adds to them; `system:aggregate-to-edit` is what `edit` is without it.
 */
export async function tenant(
  world: Pick<ServiceWorld, 'controlPlane' | 'clientOf'>,
  user: string,
  roles: Readonly<Record<string, string>>,
): Promise<KubeClient> {
  const { controlPlane } = world;
  for (const [namespace, role] of Object.entries(roles)) {
    const bind = [
      'create',
      'rolebinding',
      user.replaceAll(':', '-'),
      '-n',
      namespace,
      `--clusterrole=${role}`,
    ];
    const { code, stderr } = await controlPlane.kubectl([...bind, `--user=${user}`]);
    if (code !== 0) throw new Error(`${user} did not get ${role} in ${namespace}: ${stderr}`);
  }
  const kubeconfig = await controlPlane.kubeconfigFor(user);
  for (const [namespace, role] of Object.entries(roles)) {
    const may = ['auth', 'can-i', ...proofOf(role), '-n', namespace, '--kubeconfig', kubeconfig];
    // The aggregated roles are put together by a controller.
    await waitFor(async () => (await controlPlane.kubectl(may)).code === 0, {
      describe: `${user} has the rights of ${role} in ${namespace}`,
    });
  }
  return world.clientOf(kubeconfig);
}

/** What one may do once the role is complete. */
function proofOf(role: string): readonly [verb: string, resource: string] {
  const last: Readonly<Record<string, readonly [string, string]>> = {
    view: ['list', 'serviceinstances.servicecatalog.k8s.io'],
    admin: ['create', 'servicebrokers.servicecatalog.k8s.io'],
    'system:aggregate-to-edit': ['create', 'deployments.apps'],
  };
  return last[role] ?? ['create', 'serviceinstances.servicecatalog.k8s.io'];
}
