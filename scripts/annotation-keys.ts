import { brokerAnnotations } from '../src/api/broker-annotations.ts';
import {
  adoptAnnotation,
  cascadeAnnotation,
  deletionPolicyAnnotation,
  deletionProtectionAnnotation,
  followParametersAnnotation,
  keptAnnotations,
  labelPrefix,
  orphanMitigationAnnotation,
  pausedAnnotation,
  purgeAnnotation,
  purgeAskedByAnnotation,
  reclaimAnnotation,
  releaseToAnnotation,
  renewAnnotation,
  shapeAnnotation,
  syncRequestedAtAnnotation,
} from '../src/api/group.ts';

/** What a person may set on an instance, a binding or a broker, and parts of words by which a misspelt key is recognized. */
const settings: readonly (readonly [key: string, ...parts: readonly string[]])[] = [
  // In this order, since "deletion-protection" has parts of the next one.
  [deletionProtectionAnnotation, 'prot'],
  [releaseToAnnotation, 'relea', 'relas', 'realea', 'move'],
  [deletionPolicyAnnotation, 'del', 'retai', 'retia', 'polic', 'polc'],
  [adoptAnnotation, 'adop', 'adpo', 'adpt'],
  [pausedAnnotation, 'pau', 'suspend'],
  [purgeAnnotation, 'pur', 'pru'],
  [cascadeAnnotation, 'casc'],
  [orphanMitigationAnnotation, 'orph', 'mitig'],
  [followParametersAnnotation, 'follow', 'param'],
  [syncRequestedAtAnnotation, 'sync', 'reconcil'],
  [renewAnnotation, 'renew', 'rotat'],
  [shapeAnnotation, 'shap'],
  [reclaimAnnotation, 'recl', 'recal'],
];

/** All keys of ours that mean something on a broker. */
const knownOfBrokers = [...Object.values<string>(brokerAnnotations), syncRequestedAtAnnotation];

/** All keys of ours that mean something on an instance, a binding or a broker. */
const known = [
  ...new Set([
    ...settings.map(([key]) => key),
    ...keptAnnotations,
    purgeAskedByAnnotation,
    ...knownOfBrokers,
  ]),
];

const text = (value: string): string => `'${value}'`;
const listed = (values: readonly string[]): string => `[${values.map(text).join(', ')}]`;

const isNewAndUnknown =
  `key.startsWith(${text(labelPrefix)}) && !(key in (request.resource.resource.endsWith('brokers') ? ${listed(knownOfBrokers)} : ${listed(known)})) && (request.operation == 'CREATE' || ` +
  'oldObject.metadata.?annotations[key] != object.metadata.?annotations[key])';

/** CEL about keys of our own group that nobody knows, and that have just been written. */
export const annotationKeyParts: Readonly<Record<string, string>> = {
  'says-something-unknown': `object.metadata.?annotations.orValue({}).exists(key, ${isNewAndUnknown})`,
  'unknown-keys': `object.metadata.annotations.filter(key, ${isNewAndUnknown})`,
  'unknown-key-message': `'annotation "' + variables.unknown[0] + (variables.unknown[0] in ${listed(known)} ? '" has no effect on a broker: write it on instances or bindings' : '" means nothing: ' + (${nearest()}))`,
};

/** Tells people the setting that they may have meant. */
function nearest(): string {
  return settings.reduceRight(
    (otherwise, [key, ...parts]) =>
      `${listed(parts)}.exists(part, variables.word.contains(part)) ? 'did you mean "${key}"?' : ${otherwise}`,
    text('docs/reference/annotations.md has those that do'),
  );
}
