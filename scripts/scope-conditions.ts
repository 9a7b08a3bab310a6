import {
  bindingAnnotationPrefixes,
  adoptAnnotation,
  deletionPolicyAnnotation,
  deletionProtectionAnnotation,
  releaseToAnnotation,
  keptAnnotations,
  keptLabels,
  requestedByAnnotation,
} from '../src/api/group.ts';
import { manifestNamespace } from '../src/commands/install.ts';
import { hashLabels } from '../src/injection/top-workload.ts';
import {
  askingPrefix,
  claimPrefixes,
  controllerUsers,
  mirrorAnnotation,
  movableKinds,
  namespaceOptOut,
  ownerKeepers,
  podOptOuts,
  presetsOptIn,
  systemNamespaces,
  vocabularyMark,
  workloadsInScope,
} from '../src/model/scope.ts';
import { annotationKeyParts } from './annotation-keys.ts';

/** Marks on our own objects by which the controller deletes. */
const marks = [
  ...keptLabels.map((key) => ['labels', key] as const),
  ...keptAnnotations.map((key) => ['annotations', key] as const),
];

const isBinding = "request.kind.kind == 'Binding'";
const bindsAHash = `${isBinding} && ${listed(hashLabels.map(([label]) => text(label)))}.exists(label, label in object.metadata.?labels.orValue({}))`;

/** The table of scope as selectors, rules and CEL, by the names that the templates of `webhook-config/` use. */
export const scopeParts: Readonly<Record<string, unknown>> = {
  ...annotationKeyParts,
  'served-namespaces': { matchExpressions: servedNamespaces() },
  'served-namespaces-with-presets': {
    matchLabels: { [presetsOptIn.key]: presetsOptIn.value },
    matchExpressions: servedNamespaces(),
  },
  'namespaces-but-of-the-system': { matchExpressions: servedNamespaces().slice(0, 1) },
  'is-served': `namespaceObject.metadata.?labels[${text(namespaceOptOut.key)}].orValue('') != ${text(namespaceOptOut.value)}`,
  'workload-rules': workloadRules(),
  'claim-rules': [
    ruleOf('', ['pods', 'pods/status', 'pods/ephemeralcontainers', 'pods/resize']),
    // A Binding of Kubernetes puts its annotations and labels on the Pod that it gives a node.
    { ...ruleOf('', ['pods/binding', 'bindings']), operations: ['CREATE'] },
    ...workloadRules((resource) => [resource, `${resource}/status`]),
  ],
  'is-not-the-object': `request.?subResource.orValue('') != '' || ${isBinding}`,
  'binds-a-hash': bindsAHash,
  // In this order, and in one expression: most writes end at its first half.
  'is-about-a-claim': `(${mayChangeAClaim()}) && ([object, oldObject].exists(version, version != null && ((${requestedBy('version')}) != '' || ${listed(placesOf('version'))}.exists(place, place.exists(key, ${isClaim('key')})))) || (${bindsAHash}))`,
  'is-not-copied-by-its-maker': `!(${isOwnedByMaker(['ReplicaSet'])})`,
  'is-new-or-changed': `request.operation == 'CREATE' || object.spec != oldObject.spec || ${annotationsOf('object')} != ${annotationsOf('oldObject')} || (${isMoved()})`,
  'is-moved': isMoved(),
  'claim-places': listed(claimPlaces('object')),
  'claim-places-before': `request.operation == 'CREATE' || variables.isMoved ? dyn(${listed(placesOf('object').map(() => '{}'))}) : dyn(${listed(claimPlaces('oldObject'))})`,
  'asks-anew': asksAnew(),
  'who-asks': requestedBy('object'),
  'who-asked': `request.operation == 'CREATE' ? '' : ${requestedBy('oldObject')}`,
  'asks-for-an-instance': asksFor('request/'),
  'asks-for-a-login': `variables.asksForAnInstance || ${asksFor('instance/')}`,
  'is-written-by-its-maker': isWrittenByItsMaker(),
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
  'deletion-policy': policyOn('object'),
  // An object without a word of it is the usual one: its creation ends at this condition.
  'says-something-of-its-end': `request.operation == 'CREATE' ? (${policyOn('object')}) != 'delete' || (${releaseOn('object')}) != '' : (${releaseOn('object')}) != (${releaseOn('oldObject')}) || (${policyOn('object')}) != (${policyOn('oldObject')})`,
  'deletion-protection': protectionOn('object'),
  'is-about-protection': `request.operation == 'DELETE' ? (${protectionOn('oldObject')}) == 'true' && !has(oldObject.metadata.deletionTimestamp) : request.operation == 'CREATE' ? (${protectionOn('object')}) != 'false' : (${protectionOn('object')}) != (${protectionOn('oldObject')})`,
  adoption: adoptionOn('object'),
  'says-something-of-adoption': `request.operation == 'CREATE' ? (${adoptionOn('object')}) != 'false' : (${adoptionOn('object')}) != (${adoptionOn('oldObject')})`,
  'has-or-had-an-annotation': `[object, oldObject].exists(version, version != null && (${usesVocabulary('version')}))`,
};

/** To which namespace, if to any. */
function releaseOn(version: string): string {
  return `${version}.metadata.?annotations[${text(releaseToAnnotation)}].orValue('')`;
}

/** What is not said means `delete`. */
function policyOn(version: string): string {
  return `${version}.metadata.?annotations[${text(deletionPolicyAnnotation)}].orValue('delete')`;
}

function protectionOn(version: string): string {
  return `${version}.metadata.?annotations[${text(deletionProtectionAnnotation)}].orValue('false')`;
}

/** What is not said means `false`. */
function adoptionOn(version: string): string {
  return `${version}.metadata.?annotations[${text(adoptAnnotation)}].orValue('false')`;
}

function servedNamespaces(): readonly unknown[] {
  const { key, value } = namespaceOptOut;
  const names = [manifestNamespace, ...systemNamespaces];
  return [
    { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: names },
    { key, operator: 'NotIn', values: [value] },
  ];
}

/** @param places the resource, and subresources of it */
function workloadRules(places: (resource: string) => readonly string[] = (one) => [one]): readonly unknown[] {
  return [...Map.groupBy(workloadsInScope, ({ group }) => group)].map(([group, kinds]) =>
    ruleOf(
      group,
      kinds.flatMap(({ resource }) => places(resource)),
    ),
  );
}

function ruleOf(apiGroup: string, resources: readonly string[]): object {
  const operations = ['CREATE', 'UPDATE'];
  return { apiGroups: [apiGroup], apiVersions: ['v1'], resources, operations, scope: 'Namespaced' };
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

/** Annotations of a workload, and of its Pod template wherever that is; a Pod has only the first. */
function placesOf(version: string): readonly string[] {
  const paths = new Set(workloadsInScope.map(({ template }) => template.join('.?')));
  return [version, ...[...paths].map((path) => `${version}.?${path}`)].map(annotationsOf);
}

/** What is written beside the template of a Job has no effect after its creation. */
function claimPlaces(version: string): readonly string[] {
  const [own = '', ...templates] = placesOf(version);
  return [`(request.operation == 'UPDATE' && request.kind.kind == 'Job' ? {} : ${own})`, ...templates];
}

function listed(items: readonly string[]): string {
  return `[${items.join(', ')}]`;
}

function isClaim(key: string): string {
  return `(${claimPrefixes.map((prefix) => `${key}.startsWith(${text(prefix)})`).join(' || ')})`;
}

/** As `claimOf` of `admission/claim.ts` has it: a claim that is new or other, or gone from a source that stays. */
function asksAnew(): string {
  const { bind } = bindingAnnotationPrefixes;
  const now = 'variables.places[at]';
  const before = 'variables.placesBefore[at]';
  const isOther = `${isClaim('key')} && (!(key in ${before}) || ${before}[key] != ${now}[key])`;
  const source = `${text(bind)} + key.substring(key.indexOf('/') + 1)`;
  const isLeft = `${isClaim('key')} && !(key in ${now}) && (${source}) in ${now}`;
  const indexes = [...placesOf('object').keys()].join(', ');
  return `[${indexes}].exists(at, ${now}.exists(key, ${isOther}) || ${before}.exists(key, ${isLeft}))`;
}

function requestedBy(version: string): string {
  return `${version}.metadata.?annotations[${text(requestedByAnnotation)}].orValue('')`;
}

/** Values that can be read name one source; to look for its word anywhere forgets none. */
function asksFor(source: string): string {
  const isSource = `key.startsWith(${text(askingPrefix)}) && place[key].contains(${text(source)})`;
  return `variables.places.exists(place, place.exists(key, ${isSource}))`;
}

/** As `admission/checked-owner.ts` has it. */
function isWrittenByItsMaker(): string {
  return `(request.operation == 'CREATE' || request.kind.kind == 'ReplicaSet') && ${isOwnedByMaker()}`;
}

/** @param made kinds of objects, other than which none are written */
function isOwnedByMaker(made = workloadsInScope.map(({ makes }) => makes)): string {
  const makers = workloadsInScope.filter(({ makes }) => made.includes(makes));
  const rows = makers.map((row) => {
    const users = controllerUsers(row).map(text).join(', ');
    const owner = `owner.apiVersion == ${text(`${row.group}/${row.version}`)} && owner.kind == ${text(row.kind)}`;
    return `(request.kind.kind == ${text(row.makes)} && ${owner} && request.userInfo.username in [${users}])`;
  });
  return `object.metadata.?ownerReferences.orValue([]).exists(owner, owner.?controller.orValue(false) && (${rows.join(' || ')}))`;
}

/** Everything that the rules on claims look at; it stays as it is in nearly all writes, which are those of statuses. */
function mayChangeAClaim(): string {
  const places = [
    'metadata.?annotations',
    'metadata.?labels',
    'metadata.?ownerReferences',
    '?spec.?template.?metadata.?annotations',
    '?spec.?jobTemplate.?spec.?template.?metadata.?annotations',
  ];
  const changes = places.map((place) => `object.${place} != oldObject.${place}`);
  return `request.operation == 'CREATE' || ${changes.join(' || ')}`;
}

/** As `admission/moved.ts` has it. */
function isMoved(): string {
  const labels = hashLabels.map(([label]) => `metadata.?labels[${text(label)}]`);
  const hashes = labels.map((label) => `object.${label} != oldObject.${label}`);
  const owner = (version: string): string =>
    `${version}.metadata.?ownerReferences.orValue([]).filter(owner, owner.?controller.orValue(false)).map(owner, owner.apiVersion + ' ' + owner.kind + ' ' + owner.name)`;
  const isOwners = `${owner('object')} != ${owner('oldObject')} && !(request.userInfo.username in ${listed(ownerKeepers.map(text))})`;
  return `request.operation == 'UPDATE' && request.kind.kind in ${listed(movableKinds.map(text))} && (${hashes.join(' || ')} || (${isOwners}))`;
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
