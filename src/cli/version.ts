import { Command } from 'commander';
import { apiVersion } from '../api/group.ts';
import { compact } from '../base/compact.ts';
import { errorMessage } from '../base/logger.ts';
import { printable } from '../base/printable.ts';
import { programVersion } from '../base/version.ts';
import { KubeClient } from '../kube/client.ts';
import { loadConnection } from '../kube/credentials.ts';
import { proxyFor } from '../osb/proxy.ts';
import { runningVersions, skewIn, type RunningVersions } from './running-versions.ts';

interface VersionOptions {
  readonly json?: boolean;
  readonly output: string;
  readonly client?: boolean;
  readonly binderyNamespace: string;
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** What runs in the cluster, or why that is not known. */
type Server = { readonly running: RunningVersions } | { readonly problem: string };

const timeoutMs = 10_000;

/** `bindery version` */
export function versionCommand(): Command {
  return new Command('version')
    .description('what this program is, and what runs in the cluster')
    .option('-o, --output <format>', '`text`, or `json` for one line of JSON', 'text')
    .option('--json', 'the same as --output=json')
    .option('--client', 'ask no cluster')
    .option('--bindery-namespace <name>', "Bindery's own namespace", 'bindery-system')
    .option('--kubeconfig <file>', 'kubeconfig; else $KUBECONFIG, the Pod, ~/.kube/config')
    .option('--context <name>', 'context of the kubeconfig')
    .action(run);
}

async function run(options: VersionOptions): Promise<void> {
  const client = { version: programVersion, api: apiVersion, osb: '2.17', node: process.version };
  const server = options.client === true ? undefined : await askCluster(options);
  if (options.json === true || options.output === 'json') {
    console.log(JSON.stringify({ ...client, ...(server === undefined ? {} : { server }) }));
    return;
  }
  console.log(`bindery ${client.version} (${client.api}, OSB ${client.osb}, Node ${client.node})`);
  if (server !== undefined) for (const line of linesOf(server)) console.log(printable(line));
}

/** Never throws: what can not be read is said. */
async function askCluster({ kubeconfig, context, binderyNamespace }: VersionOptions): Promise<Server> {
  try {
    const client = new KubeClient({
      connection: await loadConnection(compact({ kubeconfig, context, proxyFor })),
    });
    try {
      return { running: await runningVersions(client, binderyNamespace, AbortSignal.timeout(timeoutMs)) };
    } finally {
      await client.close();
    }
  } catch (error) {
    return { problem: errorMessage(error) };
  }
}

function linesOf(server: Server): readonly string[] {
  if ('problem' in server) return [`the cluster was not read: ${server.problem}`];
  const roles = Object.entries(server.running);
  if (roles.length === 0) return ['no Pod of Bindery is ready there: it runs elsewhere, or not at all'];
  const lines = roles.map(([role, versions]) => {
    const told = Object.entries(versions).map(
      ([version, count]) => `${version} (${count} ${count === 1 ? 'Pod' : 'Pods'})`,
    );
    return `${role} ${told.join(', ')}`;
  });
  return [...lines, ...skewIn(server.running, programVersion)];
}
