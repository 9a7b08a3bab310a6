import { randomBytes } from 'node:crypto';
import { accessControlPlane, accessExistingCluster, type ClusterAccess } from '../cluster/cluster-access.ts';
import { runLabel, sharedClusterVariable, type SharedCluster } from '../cluster/shared-cluster.ts';

let access: Promise<ClusterAccess> | undefined;

/**
 * The cluster that all integration tests of this run share: a control plane of our own, or with
 * BINDERY_USE_KUBECONFIG=1 the cluster of KUBECONFIG. Use it in namespaces of your own (`freshNamespace`) and
 * give unique names to what has no namespace. A test that stops the API server starts its own control plane.
 */
export async function sharedControlPlane(): Promise<ClusterAccess> {
  access ??= connect(sharedCluster());
  return access;
}

/**
 * Makes a namespace and gives its name. It is not removed one by one: the control plane is thrown away at the
 * end of the run, and in an existing cluster all namespaces of the run are removed then.
 */
export async function freshNamespace(prefix = 'test'): Promise<string> {
  const cluster = await sharedControlPlane();
  const name = `${prefix}-${randomBytes(5).toString('hex')}`;
  const namespace = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { [runLabel]: sharedCluster().runId } },
  };
  const { code, stderr } = await cluster.kubectl(['create', '-f', '-'], JSON.stringify(namespace));
  if (code !== 0) throw new Error(`namespace ${name} was not created: ${stderr.trim()}`);
  return name;
}

function sharedCluster(): SharedCluster {
  const value = process.env[sharedClusterVariable];
  if (value === undefined) {
    throw new Error('no shared cluster: only tests of a Jest project with jest-global-setup.js have one');
  }
  return JSON.parse(value) as SharedCluster;
}

async function connect(shared: SharedCluster): Promise<ClusterAccess> {
  return shared.kind === 'own'
    ? accessControlPlane(shared.files)
    : accessExistingCluster(shared.kubeconfig, shared.directory, shared.kubectl);
}
