import { Command, Option } from 'commander';
import { compact } from '../base/compact.ts';
import { printable } from '../base/printable.ts';
import { KubeClient } from '../kube/client.ts';
import { loadConnection } from '../kube/credentials.ts';
import { proxyFor } from '../osb/proxy.ts';
import { ClusterExport, type ExportSummary } from './export/export-cluster.ts';
import { manifestSink, type ManifestFormat } from './export/manifest-file.ts';

interface ExportOptions {
  readonly namespace?: string;
  readonly output: ManifestFormat;
  readonly file?: string;
  readonly withSecrets?: boolean;
  readonly asSameCluster?: boolean;
  readonly binderyNamespace: string;
  readonly clusterIdConfigmapName: string;
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** `bindery export`: everything as manifests with which another cluster goes on, with the caller's own rights. */
export function exportCommand(): Command {
  return new Command('export')
    .description('print all brokers, services and logins as manifests with which another cluster goes on')
    .option('-n, --namespace <name>', 'only what is in this namespace; else everything')
    .addOption(
      new Option('-o, --output <format>', 'a stream of YAML, or a List in JSON')
        .choices(['yaml', 'json'])
        .default('yaml'),
    )
    .option('--file <file>', 'write there, for its owner alone, instead of to stdout')
    .option('--with-secrets', 'with the credentials of brokers and logins, and parameters from Secrets')
    .option(
      '--as-same-cluster',
      'with the id by which brokers know this cluster: the other one takes its place',
    )
    .option('--bindery-namespace <name>', "Bindery's own namespace", 'bindery-system')
    .option('--cluster-id-configmap-name <name>', 'holds the id of the cluster', 'cluster-info')
    .option('--kubeconfig <file>', 'kubeconfig; else $KUBECONFIG, the Pod, ~/.kube/config')
    .option('--context <name>', 'context of the kubeconfig')
    .addHelpText(
      'after',
      '\nNothing is written to the cluster. Exit code: 0 all, 2 all, and stderr says what needs a look, 1 not whole.',
    )
    .action(run);
}

async function run(options: ExportOptions): Promise<void> {
  const { kubeconfig, context, namespace, output, file } = options;
  const connection = await loadConnection(compact({ kubeconfig, context, proxyFor }));
  const client = new KubeClient({ connection });
  const scope = {
    namespace,
    ownNamespace: options.binderyNamespace,
    clusterInfo: options.clusterIdConfigmapName,
    withSecrets: options.withSecrets === true,
    asSameCluster: options.asSameCluster === true,
  };
  const sink = manifestSink(output, file);
  try {
    const summary = await new ClusterExport(client, scope, sink).write(new AbortController().signal);
    sink.end();
    tellSummary(summary);
  } catch (error) {
    sink.discard();
    throw error;
  } finally {
    await client.close();
  }
}

/** On stderr: stdout is for manifests. */
export function tellSummary({ counts, namespaces, toBring, notes }: ExportSummary): void {
  for (const note of notes) console.error(printable(note));
  for (const what of toBring) console.error(printable(`Not exported, and needed: ${what}`));
  const objects = [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ');
  console.error(printable(`Exported: ${objects || 'nothing'}.`));
  if (namespaces.length > 0)
    console.error(printable(`Namespaces that have to be there before: ${namespaces.join(', ')}`));
  if (notes.length > 0) process.exitCode = 2;
}
