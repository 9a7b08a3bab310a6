import { Command } from 'commander';
import { dump as toYaml } from 'js-yaml';
import type { ServiceBinding } from '../api/generated/service-binding.ts';
import { serviceBindings } from '../api/kinds.ts';
import { compact } from '../base/compact.ts';
import { printable } from '../base/printable.ts';
import { KubeClient } from '../kube/client.ts';
import { loadConnection } from '../kube/credentials.ts';
import { isForbidden } from '../kube/errors.ts';
import { listPages } from '../kube/list-pages.ts';
import { networkPolicies } from '../kube/resources.ts';
import { proxyFor } from '../osb/proxy.ts';
import {
  isClosedAlready,
  policyName,
  policyOfEndpoints,
  type Labels,
  type NetworkPolicy,
} from './endpoint-policy.ts';
import { UsageError } from './usage-error.ts';

interface EgressPolicyOptions {
  readonly selector: string;
  readonly namespace?: string;
  readonly isolate?: boolean;
  readonly kubeconfig?: string;
  readonly context?: string;
}

const timeoutMs = 30_000;

/** `bindery egress-policy BINDING`: a NetworkPolicy for the endpoints of a binding, for a person to look at and apply. */
export function egressPolicyCommand(): Command {
  return new Command('egress-policy')
    .description('print a NetworkPolicy that lets Pods out to the endpoints of a ServiceBinding')
    .argument('<binding>', 'name of the ServiceBinding')
    .requiredOption('-l, --selector <labels>', 'the Pods: labels such as app=orders,tier=web')
    .option('-n, --namespace <name>', 'of the binding; else that of the context')
    .option('--isolate', 'also where nothing has closed the way out of these Pods: the policy closes it')
    .option('--kubeconfig <file>', 'kubeconfig; else $KUBECONFIG, the Pod, ~/.kube/config')
    .option('--context <name>', 'context of the kubeconfig')
    .addHelpText('after', '\nNothing is written to the cluster. Exit code: 0 printed, 1 not.')
    .action(run);
}

async function run(name: string, options: EgressPolicyOptions): Promise<void> {
  const labels = parseLabels(options.selector);
  const { kubeconfig, context } = options;
  const connection = await loadConnection(compact({ kubeconfig, context, proxyFor }));
  const namespace = options.namespace ?? connection.namespace ?? 'default';
  const client = new KubeClient({ connection });
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const binding = await client.get<ServiceBinding>(serviceBindings, { namespace, name }, { signal });
    const { policy, leftOut } = policyOfEndpoints(binding, labels);
    for (const line of leftOut) console.error(printable(`bindery: left out: ${line}`));
    if (policy === undefined)
      throw new UsageError(
        `ServiceBinding "${namespace}/${name}" has no endpoint that a NetworkPolicy can name`,
      );
    if (options.isolate !== true) await checkIsolation(client, namespace, labels, policyName(name), signal);
    process.stdout.write(toYaml(policy));
  } finally {
    await client.close();
  }
}

/** @throws UsageError */
async function checkIsolation(
  client: KubeClient,
  namespace: string,
  labels: Labels,
  except: string,
  signal: AbortSignal,
): Promise<void> {
  const remedy =
    'With this policy these Pods get to the endpoints and nowhere else, not even to DNS. If that is meant: --isolate';
  try {
    const whole = (policy: NetworkPolicy): NetworkPolicy => policy;
    const { items } = await listPages(client, networkPolicies, { namespace }, { signal }, whole);
    if (isClosedAlready(items, labels, except)) return;
  } catch (error) {
    if (!isForbidden(error)) throw error;
    throw new UsageError(
      `the NetworkPolicies of "${namespace}" can not be listed, so nobody knows what is closed. ${remedy}`,
    );
  }
  throw new UsageError(`no NetworkPolicy of "${namespace}" closes the way out of these Pods. ${remedy}`);
}

/** @throws UsageError */
export function parseLabels(text: string): Labels {
  const pairs = text.split(',').map((pair) => pair.trim().split('='));
  const isGood = pairs.every(
    ([key, value, ...more]) => Boolean(key) && value !== undefined && more.length === 0,
  );
  if (isGood) return Object.fromEntries(pairs) as Labels;
  throw new UsageError(`--selector is "${text}"; it must be labels such as app=orders,tier=web`);
}
