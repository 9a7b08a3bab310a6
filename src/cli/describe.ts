import { Command, Option } from 'commander';
import { freeFormFields } from '../api/free-form.ts';
import { compact } from '../base/compact.ts';
import { KubeClient } from '../kube/client.ts';
import { loadConnection } from '../kube/credentials.ts';
import { proxyFor } from '../osb/proxy.ts';
import { findPlan } from './find-plan.ts';
import { planReport } from './plan-report.ts';
import { planText } from './plan-text.ts';
import { terminalColumns } from './terminal.ts';

interface DescribePlanOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
  readonly output: 'text' | 'json';
}

const timeoutMs = 30_000;

/** `bindery describe`: what a thing of the catalog is, with the caller's own rights. */
export function describeCommand(): Command {
  return new Command('describe')
    .description('tell what something in the catalog is')
    .addCommand(planCommand());
}

function planCommand(): Command {
  return new Command('plan')
    .description('a plan and the parameters that it takes: name, type, default, what it is for')
    .argument('<name>', 'CLASS/PLAN or PLAN as the broker names them, or the name of the object')
    .option('--kubeconfig <file>', 'kubeconfig; else $KUBECONFIG, the Pod, ~/.kube/config')
    .option('--context <name>', 'context of the kubeconfig')
    .option('-n, --namespace <name>', 'where plans of a namespace are looked for; else that of the context')
    .addOption(
      new Option('-o, --output <format>', 'for people, or one line of JSON')
        .choices(['text', 'json'])
        .default('text'),
    )
    .action(describePlan);
}

async function describePlan(name: string, options: DescribePlanOptions): Promise<void> {
  const { kubeconfig, context } = options;
  const connection = await loadConnection(compact({ kubeconfig, context, proxyFor }));
  const client = new KubeClient({ connection, largeFields: freeFormFields });
  try {
    const namespace = options.namespace ?? connection.namespace ?? 'default';
    const found = await findPlan(client, name, namespace, AbortSignal.timeout(timeoutMs));
    const report = planReport(found.kind, found.plan, found.class);
    console.log(options.output === 'json' ? JSON.stringify(report) : planText(report, terminalColumns()));
  } finally {
    await client.close();
  }
}
