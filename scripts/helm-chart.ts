import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { textsOf } from './install-manifest.ts';

const banner = '# Generated from deploy/kustomize/base by `npm run generate`. Do not edit.';

/** A place that values decide: the text of the manifests, and the template in its place. */
type Rule = readonly [place: RegExp, template: string];

const everywhere: readonly Rule[] = [[/\bbindery-system\b/g, '{{ .Release.Namespace }}']];

/** What the kinds of objects have in their places. `ROLE` stands for `controller` or `webhook`. */
const rules: Readonly<Record<string, readonly Rule[]>> = {
  CustomResourceDefinition: [[/^ {2}annotations:\n/m, '  annotations:\n    helm.sh/resource-policy: keep\n']],
  Deployment: [
    [/^ {2}replicas: \d+$/m, '  replicas: {{ .Values.ROLE.replicas }}'],
    [
      /^ {6}serviceAccountName: /m,
      [
        '      {{- range $key := list "nodeSelector" "tolerations" "affinity" "priorityClassName" "imagePullSecrets" }}',
        '      {{- with index $.Values.ROLE $key | default (index $.Values $key) }}',
        '      {{ $key }}: {{ toJson . }}',
        '      {{- end }}',
        '      {{- end }}',
        '      serviceAccountName: ',
      ].join('\n'),
    ],
    [/^ {10}# A local name on purpose.*\n/m, ''],
    [/^ {10}image: .*$/m, '          image: {{ include "bindery.image" . }}'],
    [/^ {10}imagePullPolicy: .*$/m, '          imagePullPolicy: {{ .Values.image.pullPolicy }}'],
    [/^ {10}args: .*$/m, '          args: {{ include "bindery.args" (list . "ROLE") }}'],
    [/^ {10}resources:\n(?: {12}.*\n)+/m, '          resources: {{ toJson .Values.ROLE.resources }}\n'],
  ],
};

/** What is there only under a condition. */
const conditions: Readonly<Record<string, string>> = {
  PodDisruptionBudget: 'gt (int .Values.ROLE.replicas) 1',
  NetworkPolicy: '.Values.networkPolicies',
};

/**
 * The templates of the Helm chart, by their names: the manifests of a kustomization with the places that values decide
 * replaced. The namespace is the one of the release, so it is no object of the chart.
 * @throws Error that names a rule for which an object has no place
 */
export async function helmTemplates(kustomization: string): Promise<ReadonlyMap<string, string>> {
  const objects = (await textsOf(kustomization)).flatMap((text) => text.trim().split(/^---\n/m));
  const files = new Map<string, string>();
  for (const text of objects) {
    const kind = /^kind: (\w+)$/m.exec(text)?.[1] ?? '';
    if (kind === '' || kind === 'Namespace') continue;
    if (text.includes('{{')) throw new Error(`${kind} has what Helm would take for a template`);
    const name = `${kind.toLowerCase()}.yaml`;
    files.set(name, `${files.get(name) ?? `${banner}\n`}${templateOf(kind, text)}`);
  }
  return files;
}

function templateOf(kind: string, text: string): string {
  const role = /app\.kubernetes\.io\/component: (\w+)/.exec(text)?.[1] ?? '';
  let template = `${text.trim()}\n`;
  for (const [place, replacement] of rules[kind] ?? []) {
    if (!place.test(template)) throw new Error(`${kind} has no place for ${place.source}`);
    template = template.replace(place, () => replacement.replaceAll('ROLE', role));
  }
  for (const [place, replacement] of everywhere) template = template.replaceAll(place, replacement);
  const condition = conditions[kind]?.replaceAll('ROLE', role);
  return condition === undefined
    ? `---\n${template}`
    : `{{- if ${condition} }}\n---\n${template}{{- end }}\n`;
}

/** The templates of a chart that are there, by their names: those that people write begin with `_` or are no YAML. */
export async function presentTemplates(folder: string): Promise<ReadonlyMap<string, string>> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml'));
  const texts = names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const);
  return new Map(await Promise.all(texts));
}
