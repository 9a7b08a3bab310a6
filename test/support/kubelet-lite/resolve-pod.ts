import { expandVariables } from './expand-variables.ts';
import { ObjectSources } from './object-source.ts';
import type { PodReader } from './pod-reader.ts';
import type { ContainerSpec, PodObject, VolumeMount } from './pod-types.ts';
import { resolveEnv } from './resolve-env.ts';
import { resolveVolume, type VolumeResolution } from './resolve-volume.ts';
import type {
  ContainerResolution,
  FileTree,
  PodResolution,
  ResolvedContainer,
  ResolvedMount,
} from './resolution.ts';

type MountedVolume = Extract<VolumeResolution, { kind: 'mounted' }>;

/**
 * Resolves a Pod as the kubelet would: environment, command and files of each container, or the reason why the
 * kubelet would wait. Of the cluster it sees only Secrets and ConfigMaps of the Pod's namespace.
 */
export async function resolvePod(reader: PodReader, pod: PodObject): Promise<PodResolution> {
  const sources = new ObjectSources(reader);
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  const volumes = new Map<string, MountedVolume>();
  const problems: string[] = [];
  // A volume that no container mounts is not set up, so it can not fail either.
  const mounted = new Set(containers.flatMap((container) => container.volumeMounts ?? []).map((m) => m.name));
  for (const volume of (pod.spec.volumes ?? []).filter(({ name }) => mounted.has(name))) {
    const resolved = await resolveVolume(volume, pod, sources);
    if (resolved.kind === 'mounted') volumes.set(volume.name, resolved);
    else problems.push(`MountVolume.SetUp failed for volume "${volume.name}" : ${resolved.message}`);
  }
  if (problems.length > 0) return { kind: 'waiting', reason: 'FailedMount', message: problems.join('\n') };
  const resolutions: [string, ContainerResolution][] = [];
  for (const container of containers) {
    resolutions.push([container.name, await resolveContainer(pod, container, volumes, sources)]);
  }
  return { kind: 'resolved', containers: Object.fromEntries(resolutions) };
}

async function resolveContainer(
  pod: PodObject,
  container: ContainerSpec,
  volumes: ReadonlyMap<string, MountedVolume>,
  sources: ObjectSources,
): Promise<ContainerResolution> {
  const resolved = await resolveEnv(pod, container, sources);
  if (resolved.kind === 'waiting') return resolved;
  const { env } = resolved;
  const expand = (text: string): string => expandVariables(text, (name) => env[name]);
  const mounts: ResolvedMount[] = [];
  const files: Record<string, FileTree> = {};
  const notProvided = [...resolved.notProvided];
  for (const mount of container.volumeMounts ?? []) {
    const volume = volumes.get(mount.name);
    if (volume === undefined) {
      throw new Error(`container ${container.name} mounts volume ${mount.name}, which the Pod does not have`);
    }
    const subPath = subPathOf(mount, env);
    if (subPath.kind === 'waiting') return subPath;
    notProvided.push(...volume.notProvided);
    const { tree, layout } = below(volume, subPath.path);
    files[mount.mountPath] = tree;
    const readOnly = mount.readOnly === true || volume.filledByKubelet;
    mounts.push({ mountPath: mount.mountPath, volume: mount.name, readOnly, layout });
  }
  return {
    kind: 'ready',
    name: container.name,
    role: roleOf(pod, container),
    env,
    command: (container.command ?? []).map(expand),
    args: (container.args ?? []).map(expand),
    ...(container.workingDir === undefined ? {} : { workingDir: container.workingDir }),
    mounts,
    files,
    notProvided,
  };
}

type SubPath =
  { readonly kind: 'path'; readonly path: string } | Extract<ContainerResolution, { kind: 'waiting' }>;

/** Unlike elsewhere, an unknown or empty variable in `subPathExpr` stops the container. */
function subPathOf(mount: VolumeMount, env: Readonly<Record<string, string>>): SubPath {
  if (mount.subPathExpr === undefined || mount.subPathExpr === '') {
    return { kind: 'path', path: mount.subPath ?? '' };
  }
  const missing = new Set<string>();
  const path = expandVariables(mount.subPathExpr, (name) => {
    const value = env[name] ?? '';
    if (value === '') missing.add(name);
    return value;
  });
  if (missing.size === 0) return { kind: 'path', path };
  const message = `missing value for ${[...missing].sort().join(', ')}`;
  return { kind: 'waiting', reason: 'CreateContainerConfigError', message };
}

/** The part of a volume at a subPath. A subPath that does not exist becomes an empty directory. */
function below(volume: MountedVolume, subPath: string): { tree: FileTree; layout: ResolvedMount['layout'] } {
  if (subPath === '') return { tree: volume.files, layout: volume.filledByKubelet ? 'atomic' : 'directory' };
  const file = volume.files[subPath];
  if (file !== undefined) return { tree: { '': file }, layout: 'file' };
  const prefix = `${subPath}/`;
  const inside = Object.entries(volume.files).filter(([path]) => path.startsWith(prefix));
  const tree = Object.fromEntries(inside.map(([path, content]) => [path.slice(prefix.length), content]));
  return { tree, layout: 'directory' };
}

function roleOf(pod: PodObject, container: ContainerSpec): ResolvedContainer['role'] {
  if (pod.spec.initContainers?.includes(container) !== true) return 'main';
  return container.restartPolicy === 'Always' ? 'sidecar' : 'init';
}
