import { Command } from 'commander';
import { dump } from 'js-yaml';
import { namespaceList } from '../base/namespace-list.ts';
import { createLogger } from '../observability/log.ts';
import { KubeClient } from '../kube/client.ts';
import { connect } from './connect.ts';
import { ensureNamespace, install, objectsOf } from './install.ts';
import { readManifests } from './manifests.ts';
import { ConfigError } from '../config.ts';

interface InstallOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace: string;
  readonly webhookUrl?: string;
  readonly namespaces?: string;
  readonly print?: boolean;
}

const timeoutMs = 120_000;

/** `bindery install`: CRDs, RBAC and webhook configurations by server-side apply, with the caller's own rights. */
export function installCommand(): Command {
  return new Command('install')
    .description('apply CRDs, RBAC and webhook configurations; run it again to upgrade')
    .option('--kubeconfig <file>', 'kubeconfig; else $KUBECONFIG, the Pod, ~/.kube/config')
    .option('--context <name>', 'context of the kubeconfig')
    .option('--namespace <name>', "Bindery's own namespace", 'bindery-system')
    .option('--webhook-url <url>', 'register the webhook by this https URL, not by its Service')
    .option('--namespaces <list>', 'rights in these namespaces alone, for roles with the same flag')
    .option('--print', 'print the manifests instead')
    .action(run);
}

async function run(options: InstallOptions): Promise<void> {
  const manifests = await readManifests();
  const { namespace } = options;
  const namespaces = parseNamespaces(options.namespaces, namespace);
  if (options.print) {
    process.stdout.write(`${printed(manifests, namespaces).join('\n---\n')}\n`);
    return;
  }
  const client = new KubeClient({ connection: await connect(options) });
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    await ensureNamespace(client, namespace, signal);
    const webhookUrl = parseUrl(options.webhookUrl);
    const logger = createLogger({ level: 'warn' });
    const applied = await install({ client, logger, manifests, namespace, namespaces, webhookUrl }, signal);
    for (const { resource, name } of applied) process.stdout.write(`${resource.kind} ${name}\n`);
    process.stdout.write(
      `${applied.length} objects applied. Next: run "bindery run", or deploy both roles.\n`,
    );
  } finally {
    await client.close();
  }
}

function printed(manifests: readonly string[], namespaces: readonly string[] | undefined): readonly string[] {
  if (namespaces === undefined) return manifests.map((text) => text.trim());
  return objectsOf(manifests, namespaces).map((object) =>
    dump(object, { lineWidth: -1, noRefs: true }).trim(),
  );
}

function parseNamespaces(text: string | undefined, own: string): readonly string[] | undefined {
  if (text === undefined) return undefined;
  try {
    return namespaceList(text, own);
  } catch (error) {
    throw new ConfigError(`--namespaces: ${(error as Error).message}`);
  }
}

function parseUrl(text: string | undefined): URL | undefined {
  if (text === undefined) return undefined;
  if (!URL.canParse(text) || new URL(text).protocol !== 'https:') {
    throw new ConfigError(
      `--webhook-url is "${text}"; it must be an https URL that the API server can reach`,
    );
  }
  return new URL(text);
}
