import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  clusterServiceBrokers,
  podPresets,
  serviceBindings,
  serviceBrokers,
  serviceInstances,
} from '../src/api/kinds.ts';

const judged = [serviceInstances, serviceBindings, clusterServiceBrokers, serviceBrokers, podPresets];

const banner = `\
# For the ConfigMap of Argo CD:
#   kubectl patch configmap argocd-cm --namespace argocd --type merge --patch-file argocd-cm.yaml
# Generated from health.lua by \`npm run generate\`. Do not edit.
`;

/** Text of deploy/gitops/argocd/argocd-cm.yaml: the health check beside it, for each kind that has conditions. */
export async function argocdConfig(directory: string): Promise<string> {
  const script = await readFile(join(directory, 'health.lua'), 'utf8');
  const indented = script.replaceAll(/^(?=.)/gm, '    ');
  const entries = judged.map(
    ({ group, kind }) => `  resource.customizations.health.${group}_${kind}: |\n${indented}`,
  );
  return `${banner}data:\n${entries.join('')}`;
}
