import { keptAnnotations, keptLabels } from '../src/api/group.ts';
import { manifestNamespace } from '../src/commands/install.ts';
import {
  askingPrefix,
  mirrorAnnotation,
  namespaceOptOut,
  podOptOuts,
  presetsOptIn,
  systemNamespaces,
  vocabularyMark,
  workloadsInScope,
} from '../src/model/scope.ts';

/** Marks on our own objects by which the controller deletes. */
const marks = [
  ...keptLabels.map((key) => ['labels', key] as const),
  ...keptAnnotations.map((key) => ['annotations', key] as const),
];

/** The table of scope as selectors, rules and CEL, by the names that the templates of `webhook-config/` use. */
export const scopeParts: Readonly<Record<string, unknown>> = {
  'served-namespaces': { matchExpressions: servedNamespaces() },
  'served-namespaces-with-presets': {
    matchLabels: { [presetsOptIn.key]: presetsOptIn.value },
    matchExpressions: servedNamespaces(),
  },
  'workload-rules': workloadRules(),
  'asks-for-a-binding': `${annotationsOf('object')}.${startsOne(askingPrefix)}`,
  'asks-for-nothing': `!${annotationsOf('object')}.${startsOne(askingPrefix)}`,
  'is-not-opted-out': podOptOuts
    .map(({ place, key, value }) => `object.metadata.?${place}[${text(key)}].orValue('') != ${text(value)}`)
    .join(' && '),
  'is-not-a-mirror-pod': `!object.metadata.?annotations[${text(mirrorAnnotation)}].hasValue()`,
  'changes-a-mark': marks
    .map(([place, key]) => `metadata.?${place}[${text(key)}]`)
    .map((mark) => `object.${mark} != oldObject.${mark}`)
    .join(' || '),
  'has-or-had-an-annotation': `[object, oldObject].exists(version, version != null && (${usesVocabulary('version')}))`,
};

function servedNamespaces(): readonly unknown[] {
  const { key, value } = namespaceOptOut;
  const names = [manifestNamespace, ...systemNamespaces];
  return [
    { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: names },
    { key, operator: 'NotIn', values: [value] },
  ];
}

function workloadRules(): readonly unknown[] {
  return [...Map.groupBy(workloadsInScope, ({ group, version }) => `${group}/${version}`).values()].map(
    (kinds) => ({
      apiGroups: [kinds[0]?.group],
      apiVersions: [kinds[0]?.version],
      resources: kinds.map(({ resource }) => resource),
      operations: ['CREATE', 'UPDATE'],
      scope: 'Namespaced',
    }),
  );
}

/** Wherever a workload may have annotations: its own, those of its Pod template, and those between them. */
function usesVocabulary(version: string): string {
  const paths = workloadsInScope.flatMap(({ template, between }) => [
    template,
    ...(between ? [between] : []),
  ]);
  const templates = new Set(paths.map((path) => path.join('.?')));
  const places = [version, ...[...templates].map((path) => `${version}.?${path}`)];
  const contains = `exists(key, key.contains(${text(vocabularyMark)}))`;
  return places.map((place) => `${annotationsOf(place)}.${contains}`).join(' || ');
}

function annotationsOf(object: string): string {
  return `${object}.?metadata.?annotations.orValue({})`;
}

function startsOne(prefix: string): string {
  return `exists(key, key.startsWith(${text(prefix)}))`;
}

/** A string of CEL. What is in the table needs no escapes. */
function text(value: string): string {
  return `'${value}'`;
}
