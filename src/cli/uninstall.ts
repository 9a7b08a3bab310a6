import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { allKinds, serviceBindings, serviceInstances } from '../api/kinds.ts';
import { compact } from '../base/compact.ts';
import { parseGoDurationMs } from '../base/go-duration.ts';
import { printable } from '../base/printable.ts';
import { KubeClient } from '../kube/client.ts';
import { loadConnection } from '../kube/credentials.ts';
import { proxyFor } from '../osb/proxy.ts';
import { ClusterExport } from './export/export-cluster.ts';
import { manifestSink } from './export/manifest-file.ts';
import { tellSummary } from './export.ts';
import { disownSecrets, keepRecords, releaseObjects } from './uninstall/release-objects.ts';
import { deleteKinds, markRemoval, untilGone } from './uninstall/remove-kinds.ts';
import { removeAdmission, removeProgram } from './uninstall/remove-program.ts';
import { isLed, stopControllers } from './uninstall/stop-controllers.ts';
import { survey } from './uninstall/survey.ts';
import { UsageError } from './usage-error.ts';

interface UninstallOptions {
  readonly keepServices?: string;
  readonly deprovision?: boolean;
  readonly withSecrets?: boolean;
  readonly dryRun?: boolean;
  readonly check?: boolean;
  readonly timeout: string;
  readonly binderyNamespace: string;
  readonly clusterIdConfigmapName: string;
  readonly kubeconfig?: string;
  readonly context?: string;
}

interface Uninstall {
  readonly client: KubeClient;
  readonly options: UninstallOptions;
  readonly signal: AbortSignal;
  readonly deadline: AbortSignal;
}

/** `bindery uninstall`: takes Bindery out of the cluster, after a person has said what becomes of the services. */
export function uninstallCommand(): Command {
  return new Command('uninstall')
    .description(
      'say what there is, and remove Bindery from the cluster: services stay at their brokers, or go',
    )
    .option(
      '--keep-services <file>',
      'let them stay: write what brings them back to a new file, tell no broker',
    )
    .option('--deprovision', 'have the controller delete all logins and services with their data, and wait')
    .option('--with-secrets', 'with --keep-services: passwords go into the file, too')
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--check', 'count what there is, and fail if there is anything; remove nothing')
    .option('--timeout <duration>', 'how long to wait for what goes', '10m')
    .option('--bindery-namespace <name>', "Bindery's own namespace", 'bindery-system')
    .option('--cluster-id-configmap-name <name>', 'holds the id of the cluster', 'cluster-info')
    .option('--kubeconfig <file>', 'kubeconfig; else $KUBECONFIG, the Pod, ~/.kube/config')
    .option('--context <name>', 'context of the kubeconfig')
    .addHelpText(
      'after',
      '\nRun it again to go on where it ended. Exit code: 0 removed, 2 removed, and stderr says what needs a look, 1 not wholly.',
    )
    .action(run);
}

async function run(options: UninstallOptions): Promise<void> {
  checkFlags(options);
  const { kubeconfig, context } = options;
  const client = new KubeClient({
    connection: await loadConnection(compact({ kubeconfig, context, proxyFor })),
  });
  const { signal } = new AbortController();
  const timeoutMs = parseGoDurationMs(options.timeout);
  if (timeoutMs === undefined)
    throw new UsageError(`--timeout is "${options.timeout}"; it must be a time such as 10m`);
  try {
    await uninstall({ client, options, signal, deadline: AbortSignal.timeout(timeoutMs) });
  } finally {
    await client.close();
  }
}

/** @throws UsageError */
function checkFlags({ keepServices, deprovision, withSecrets, check, dryRun }: UninstallOptions): void {
  if (
    check === true &&
    [keepServices, deprovision, withSecrets, dryRun].some((other) => other !== undefined)
  ) {
    throw new UsageError('--check goes with none of the flags that say what to do');
  }
  if (keepServices !== undefined && deprovision === true) {
    throw new UsageError('--keep-services and --deprovision exclude each other');
  }
  if (withSecrets === true && keepServices === undefined) {
    throw new UsageError('--with-secrets is for --keep-services');
  }
  if (keepServices !== undefined && existsSync(keepServices)) {
    throw new UsageError(
      `"${keepServices}" exists. If it is of a run that did not end, it has what is not in the cluster any more: name another file, and apply both`,
    );
  }
}

async function uninstall(task: Uninstall): Promise<void> {
  const { client, options, signal } = task;
  const found = await survey(client, signal);
  for (const { broker, instances, bindings } of found) {
    tell(`${broker}: ${instances} service instances, ${bindings} bindings`);
  }
  if (found.length === 0) tell('There are no service instances and no bindings.');
  if (options.check === true) return refuseUse(found.length > 0);
  if (options.dryRun === true) return tell(plan(options, found.length > 0));
  await settleServices(task, found.length > 0);
  await removeRest(task);
}

/** @throws UsageError */
function refuseUse(isUsed: boolean): void {
  if (!isUsed) return;
  throw new UsageError(
    'these services are managed from here. `bindery uninstall` says what can become of them; nothing was removed',
  );
}

/** @throws UsageError where nobody has said what becomes of them */
async function settleServices(task: Uninstall, isUsed: boolean): Promise<void> {
  const { keepServices, deprovision } = task.options;
  if (keepServices !== undefined) return keep(task, keepServices);
  if (deprovision === true) return deleteServices(task);
  if (!isUsed) return checkUnused(task);
  throw new UsageError(
    'say what becomes of them: --keep-services FILE lets them stay at their brokers, --deprovision deletes them with their data',
  );
}

/** Everything is on record in the file before anything is let go. */
async function keep({ client, options, signal }: Uninstall, file: string): Promise<void> {
  const { binderyNamespace, clusterIdConfigmapName, withSecrets = false } = options;
  tell('The controllers end.');
  await stopControllers(client, binderyNamespace, signal);
  const scope = {
    ownNamespace: binderyNamespace,
    clusterInfo: clusterIdConfigmapName,
    withSecrets,
    asSameCluster: true,
  };
  const sink = manifestSink('yaml', file);
  try {
    const summary = await new ClusterExport(client, scope, sink).write(signal);
    sink.end();
    tellSummary(summary);
  } catch (error) {
    sink.discard();
    throw error;
  }
  tell(`What brings them back is in ${file}: keep it.`);
}

/** Nobody has said what becomes of what was made since the first look. */
async function checkUnused({ client, options, signal }: Uninstall): Promise<void> {
  await stopControllers(client, options.binderyNamespace, signal);
  if ((await survey(client, signal)).length === 0) return;
  throw new UsageError('there are instances or bindings now: run it again. The controllers have ended');
}

async function deleteServices({ client, options, signal, deadline }: Uninstall): Promise<void> {
  const kinds = [serviceBindings, serviceInstances];
  if (!(await isLed(client, options.binderyNamespace, signal))) {
    throw new UsageError(
      'no controller works, and only that one tells brokers: start it first, or use --keep-services',
    );
  }
  // In this order: where it ends in between, no word is left that somebody else's deletion would be taken by.
  await deleteKinds(client, kinds);
  await markRemoval(client, kinds, 'deprovision', signal);
  tell('The controller deletes all bindings and service instances at their brokers.');
  await untilGone(client, kinds, tell, deadline);
}

async function removeRest({ client, options, signal, deadline }: Uninstall): Promise<void> {
  const { binderyNamespace } = options;
  await stopControllers(client, binderyNamespace, signal);
  const gone = [...(await removeAdmission(client, binderyNamespace, signal))];
  await markRemoval(client, allKinds, 'keep', signal);
  const secrets = await disownSecrets(client, signal);
  if (secrets > 0) tell(`${secrets} Secrets of bindings stay, for the applications that use them.`);
  if (options.keepServices !== undefined) await keepRecords(client, signal);
  await releaseObjects(client, signal);
  await deleteKinds(client, allKinds);
  await untilGone(client, allKinds, tell, deadline);
  gone.push(...(await removeProgram(client, binderyNamespace, signal)));
  for (const each of gone) tell(`removed: ${each}`);
  tell(
    `Removed. Namespace "${binderyNamespace}" stays, with the id of the cluster and the records of retained services. ` +
      'Pods that ask for bindings start without them from now on.',
  );
}

function plan({ keepServices, deprovision = false }: UninstallOptions, isUsed: boolean): string {
  const first =
    keepServices !== undefined
      ? `end the controllers, write everything to ${keepServices}, let all objects go without a word to any broker`
      : deprovision
        ? 'have the controller delete all of these at their brokers, with their data, and wait'
        : isUsed
          ? 'nothing without --keep-services or --deprovision'
          : 'end the controllers';
  return `Would do: ${first}; then remove policies, webhook, kinds, roles and Deployments.`;
}

function tell(line: string): void {
  console.log(printable(line));
}
