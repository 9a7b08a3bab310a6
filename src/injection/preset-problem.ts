import type {
  EnvFromSource,
  EnvVar,
  EnvVarSource,
  PodPresetSpec,
  VolumeMount,
} from '../api/generated/pod-preset.ts';
import { bindingAnnotationPrefixes } from '../api/group.ts';
import { isNumber, isObject } from '../base/json.ts';
import { error, quote, type Problem } from './problem.ts';
import type { BindingRequest } from './request.ts';

/** Printable ASCII without `=` (RelaxedEnvironmentVariableValidation). */
const variableName = /^[ -<>-~]+$/;
/** A key of a Secret or a ConfigMap. */
const dataKey = /^(?!\.\.)(?!\.$)[-._a-zA-Z0-9]{1,253}$/;
const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const dnsSubdomain = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const quantity = /^[+-]?(\d+(\.\d*)?|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/;
const fieldPath =
  /^(metadata\.(name|namespace|uid)|spec\.(nodeName|serviceAccountName)|status\.(host|pod)IPs?|metadata\.(labels|annotations)\['[^']+'\])$/;
const resourceName = /^(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-.+)$/;

/** What a source of a volume can not be without, as text. Of the others the API server knows more than we do. */
const neededBySource: Readonly<Record<string, readonly string[]>> = {
  secret: ['secretName'],
  configMap: ['name'],
  persistentVolumeClaim: ['claimName'],
  hostPath: ['path'],
  nfs: ['server', 'path'],
  csi: ['driver'],
};

/**
 * What is wrong with where a binding of a preset comes from. A preset is nobody's workload: what is made for one it can not ask
 * for, and the credentials of what is there it can.
 */
export function presetSourceProblem({ name, source }: BindingRequest): Problem | undefined {
  if (source.kind === 'binding' || source.kind === 'secret') return undefined;
  return error(
    bindingAnnotationPrefixes.bind + name,
    `binding ${quote(name)}: ${source.kind}/… is not for PodPresets, only binding/… and secret/… are`,
  );
}

/**
 * Why the API server would refuse every Pod with what a preset brings of its own; undefined when nothing is found.
 * Kubernetes' rules for variables, volumes and mounts (`ValidatePodSpec`), as far as they need no Pod.
 */
export function presetProblem({ env, envFrom, volumes, volumeMounts }: PodPresetSpec): string | undefined {
  return (
    first(env, variableProblem) ??
    first(envFrom, sourceProblem) ??
    first(volumes, volumeProblem) ??
    first(volumeMounts, mountProblem) ??
    twice(
      'volume',
      volumes?.map(({ name }) => name),
    ) ??
    twice(
      'mountPath',
      volumeMounts?.map(({ mountPath }) => mountPath),
    )
  );
}

function first<T>(
  items: readonly T[] | undefined,
  problemOf: (item: T) => string | undefined,
): string | undefined {
  for (const item of items ?? []) {
    const problem = problemOf(item);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function twice(what: string, names: readonly string[] | undefined): string | undefined {
  const seen = new Set<string>();
  const again = names?.find((name) => seen.has(name) || !seen.add(name));
  return again === undefined ? undefined : `${what} ${quote(again)} is there twice`;
}

function variableProblem({ name, value, valueFrom }: EnvVar): string | undefined {
  const what = `env ${quote(name)}`;
  if (!variableName.test(name)) return `${what} can not be the name of a variable`;
  if (!isObject(valueFrom)) return undefined;
  return value ? `${what} has both value and valueFrom` : valueProblem(what, valueFrom);
}

function valueProblem(what: string, valueFrom: EnvVarSource): string | undefined {
  const sources = Object.values(valueFrom).filter(isObject);
  if (sources.length !== 1) return `${what} needs one source in valueFrom and has ${sources.length}`;
  const { secretKeyRef, configMapKeyRef, fieldRef, resourceFieldRef } = valueFrom;
  const key = secretKeyRef?.key ?? configMapKeyRef?.key;
  if (key !== undefined && !dataKey.test(key)) return `${what}: ${quote(key)} can not be a key`;
  if (fieldRef !== undefined && !fieldPath.test(fieldRef.fieldPath)) {
    return `${what}: ${quote(fieldRef.fieldPath)} is no field for a variable`;
  }
  return resourceFieldRef === undefined ? undefined : resourceProblem(what, resourceFieldRef);
}

function resourceProblem(
  what: string,
  { resource, divisor }: { readonly resource: string; readonly divisor?: number | string },
): string | undefined {
  if (!resourceName.test(resource)) return `${what}: ${quote(resource)} is no resource of a container`;
  const isFit = divisor === undefined || quantity.test(String(divisor));
  return isFit ? undefined : `${what}: ${quote(String(divisor))} is no quantity`;
}

function sourceProblem({ prefix = '', secretRef, configMapRef }: EnvFromSource): string | undefined {
  if ((secretRef === undefined) === (configMapRef === undefined)) {
    return 'envFrom needs either secretRef or configMapRef';
  }
  const { name } = secretRef ?? configMapRef ?? { name: '' };
  if (!dnsSubdomain.test(name)) return `envFrom: ${quote(name)} can not be the name of an object`;
  if (prefix === '' || variableName.test(prefix)) return undefined;
  return `envFrom: ${quote(prefix)} can not begin the name of a variable`;
}

function volumeProblem(volume: { readonly name: string }): string | undefined {
  const what = `volume ${quote(volume.name)}`;
  if (!dnsLabel.test(volume.name)) return `${what} can not be the name of a volume`;
  const sources = Object.entries(volume).filter(([key, value]) => key !== 'name' && value !== null);
  if (sources.length > 1)
    return `${what} has ${sources.length} sources: ${quote(sources.map(([key]) => key).join(', '))}`;
  const [kind, source] = sources[0] ?? ['emptyDir', {}];
  if (!isObject(source)) return `${what}: ${quote(kind)} must be an object`;
  const missing = neededBySource[kind]?.find(
    (field) => typeof source[field] !== 'string' || source[field] === '',
  );
  if (missing !== undefined) return `${what}: ${kind} needs ${missing}`;
  return contentProblem(what, source);
}

function contentProblem(
  what: string,
  { defaultMode, sizeLimit }: Readonly<Record<string, unknown>>,
): string | undefined {
  const mode = defaultMode ?? 0;
  if (!isNumber(mode) || Number(mode) < 0 || Number(mode) > 0o777) {
    return `${what}: defaultMode must be a number from 0 to 0777`;
  }
  const size = sizeLimit ?? '0';
  const isSize = isNumber(size) || (typeof size === 'string' && quantity.test(size));
  return isSize ? undefined : `${what}: sizeLimit is no quantity`;
}

function mountProblem(mount: VolumeMount): string | undefined {
  const { name, mountPath, subPath = '', subPathExpr = '' } = mount;
  const what = `mount ${quote(mountPath)}`;
  if (!dnsLabel.test(name)) return `${what}: ${quote(name)} can not be the name of a volume`;
  if (subPath !== '' && subPathExpr !== '') return `${what} has both subPath and subPathExpr`;
  const path = subPath + subPathExpr;
  if (path.startsWith('/') || path.split('/').includes('..')) {
    return `${what}: ${quote(path)} must be a relative path without ".."`;
  }
  return isReadOnlyFit(mount)
    ? undefined
    : `${what}: recursiveReadOnly needs readOnly, and no mountPropagation`;
}

function isReadOnlyFit({ recursiveReadOnly, readOnly, mountPropagation }: VolumeMount): boolean {
  const isRecursive = recursiveReadOnly === 'IfPossible' || recursiveReadOnly === 'Enabled';
  return !isRecursive || (readOnly === true && (mountPropagation ?? 'None') === 'None');
}
