import { metadataFieldValue } from './field-value.ts';
import type { ObjectSources } from './object-source.ts';
import type { DownwardSource, ItemsSource, PodObject, ProjectedSource, VolumeSpec } from './pod-types.ts';
import type { FileTree, VolumeFile } from './resolution.ts';

export type VolumeResolution =
  | {
      readonly kind: 'mounted';
      readonly files: FileTree;
      /** The kubelet fills it and the container may only read it. */
      readonly filledByKubelet: boolean;
      readonly notProvided: readonly string[];
    }
  /** The text after `MountVolume.SetUp failed for volume "…" : ` in the kubelet's Event. */
  | { readonly kind: 'failed'; readonly message: string };

interface Content {
  readonly files: Map<string, VolumeFile>;
  readonly problems: string[];
  readonly notProvided: string[];
}

interface Context {
  readonly pod: PodObject;
  readonly sources: ObjectSources;
  readonly defaultMode: number;
}

/** The API server's default for all four types. */
const defaultFileMode = 0o644;

/** The files of a volume. Of two sources for one path the later wins. */
export async function resolveVolume(
  volume: VolumeSpec,
  pod: PodObject,
  sources: ObjectSources,
): Promise<VolumeResolution> {
  if (volume.emptyDir !== undefined) return empty([]);
  const filled = asProjected(volume);
  if (filled === undefined) {
    const type = Object.keys(volume).filter((key) => key !== 'name');
    return empty([`volume ${volume.name} of type ${type.join(', ')}: an empty directory instead`]);
  }
  const content: Content = { files: new Map(), problems: [], notProvided: [] };
  const context = { pod, sources, defaultMode: filled.defaultMode ?? defaultFileMode };
  for (const source of filled.sources) await addSource(source, volume.name, context, content);
  if (content.problems.length > 0) return { kind: 'failed', message: aggregate(content.problems) };
  const { notProvided } = content;
  return { kind: 'mounted', files: Object.fromEntries(content.files), filledByKubelet: true, notProvided };
}

/** A volume of a single source is a projected volume with one. */
function asProjected(
  volume: VolumeSpec,
): { sources: readonly ProjectedSource[]; defaultMode: number | undefined } | undefined {
  const { secret, configMap, downwardAPI, projected } = volume;
  if (secret !== undefined) {
    return { sources: [{ secret: { ...secret, name: secret.secretName } }], defaultMode: secret.defaultMode };
  }
  if (configMap !== undefined) return { sources: [{ configMap }], defaultMode: configMap.defaultMode };
  if (downwardAPI !== undefined) return { sources: [{ downwardAPI }], defaultMode: downwardAPI.defaultMode };
  if (projected !== undefined) {
    return { sources: projected.sources ?? [], defaultMode: projected.defaultMode };
  }
  return undefined;
}

async function addSource(
  source: ProjectedSource,
  volume: string,
  context: Context,
  content: Content,
): Promise<void> {
  if (source.secret !== undefined) return addObject('secret', source.secret, context, content);
  if (source.configMap !== undefined) return addObject('configmap', source.configMap, context, content);
  if (source.downwardAPI !== undefined) return addFields(source.downwardAPI, volume, context, content);
  content.notProvided.push(`volume ${volume}: ${Object.keys(source).join(', ')}`);
}

async function addObject(
  kind: 'secret' | 'configmap',
  source: ItemsSource & { readonly name: string },
  { pod, sources, defaultMode }: Context,
  { files, problems }: Content,
): Promise<void> {
  const optional = source.optional === true;
  const found = await sources.get({ kind, namespace: pod.metadata.namespace, name: source.name }, true);
  if (found.kind === 'missing') {
    if (!optional) problems.push(found.message);
    return;
  }
  if (source.items === undefined || source.items.length === 0) {
    for (const [key, value] of found.data) files.set(key, { content: value, mode: defaultMode });
    return;
  }
  const chosen = new Map<string, VolumeFile>();
  for (const item of source.items) {
    const value = found.data.get(item.key);
    if (value !== undefined) chosen.set(item.path, { content: value, mode: item.mode ?? defaultMode });
    else if (!optional) {
      problems.push(missingKey(kind, item.key));
      return;
    }
  }
  for (const [path, file] of chosen) files.set(path, file);
}

function addFields(
  source: DownwardSource,
  volume: string,
  { pod, defaultMode }: Context,
  { files, problems, notProvided }: Content,
): void {
  for (const item of source.items ?? []) {
    const fieldPath = item.fieldRef?.fieldPath;
    if (fieldPath === undefined) {
      notProvided.push(`volume ${volume}: ${item.path} from resourceFieldRef`);
      continue;
    }
    const value = metadataFieldValue(fieldPath, pod);
    if (value === undefined) problems.push(`unsupported fieldPath: ${fieldPath}`);
    else files.set(item.path, { content: Buffer.from(value), mode: item.mode ?? defaultMode });
  }
}

function missingKey(kind: 'secret' | 'configmap', key: string): string {
  return kind === 'secret'
    ? `references non-existent secret key: ${key}`
    : `configmap references non-existent config key: ${key}`;
}

function empty(notProvided: readonly string[]): VolumeResolution {
  return { kind: 'mounted', files: {}, filledByKubelet: false, notProvided };
}

/** As Kubernetes writes several errors in one text: each once, in brackets. */
function aggregate(problems: readonly string[]): string {
  const distinct = [...new Set(problems)];
  return distinct.length === 1 ? distinct.join('') : `[${distinct.join(', ')}]`;
}
