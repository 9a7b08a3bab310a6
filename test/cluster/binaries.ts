import { join } from 'node:path';
import { cacheDirectory, cacheRoot, isExecutable } from './binary-cache.ts';
import { buildPrograms, type Program } from './build-programs.ts';
import { findGo, type GoToolchain } from './go-toolchain.ts';
import { controlPlaneModule, pinnedVersions, type PinnedVersions } from './pinned-versions.ts';

/** Absolute paths of the programs of a control plane. */
export interface Binaries {
  readonly etcd: string;
  readonly kubeApiserver: string;
  readonly kubeControllerManager: string;
  readonly kubectl: string;
}

export interface FindOptions {
  /** Default: this process's environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** Directory of the go.mod that pins the versions. */
  readonly moduleDirectory?: string;
  /** One line of progress or notice each; default: standard error. */
  readonly log?: (line: string) => void;
  readonly signal?: AbortSignal;
  readonly progressMs?: number;
}

/** In the order of building. */
const programNames = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl'] as const;
type ProgramName = (typeof programNames)[number];
/** The programs of Kubernetes share most of their packages: the first one to be built compiles them for all. */
const buildSeconds = {
  etcd: { first: 10, later: 10 },
  'kube-apiserver': { first: 215, later: 65 },
  'kube-controller-manager': { first: 205, later: 55 },
  kubectl: { first: 75, later: 20 },
};

/**
 * Finds each program of a control plane: first in `$KUBEBUILDER_ASSETS`, then in the cache, and builds with Go
 * what is in neither.
 * @throws MissingBinariesError when something is missing and there is no Go to build it
 */
export async function findBinaries(options: FindOptions = {}): Promise<Binaries> {
  const env = options.env ?? process.env;
  const log = options.log ?? ((line: string): unknown => process.stderr.write(`${line}\n`));
  const moduleDirectory = options.moduleDirectory ?? controlPlaneModule;
  const versions = await pinnedVersions(moduleDirectory);
  const ldflags = linkerFlags(versions.kubernetes);
  const label = `kubernetes-${versions.kubernetes}`;
  const cache = await cacheDirectory(cacheRoot(env), moduleDirectory, label, ldflags);
  const assets = env['KUBEBUILDER_ASSETS'];

  const fromAssets = await presentIn(assets);
  if (assets !== undefined && assets !== '') tellAboutAssets(assets, fromAssets, log);
  const wanted = programNames.filter((name) => !fromAssets.has(name));
  const fromCache = await presentIn(cache);
  const missing = wanted.filter((name) => !fromCache.has(name));
  if (missing.length > 0) {
    const go = await findGo(env, versions.go);
    if (go.kind !== 'found') throw new MissingBinariesError({ missing, versions, assets, cache, go });
    const first = missing.find((name) => name !== 'etcd');
    await buildPrograms({
      programs: missing.map((name) => describeProgram(name, versions, name === first ? 'first' : 'later')),
      moduleDirectory,
      into: cache,
      ldflags,
      go: go.command,
      env,
      log,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      ...(options.progressMs === undefined ? {} : { progressMs: options.progressMs }),
    });
  }
  const pathOf = (name: ProgramName): string => fromAssets.get(name) ?? join(cache, name);
  return {
    etcd: pathOf('etcd'),
    kubeApiserver: pathOf('kube-apiserver'),
    kubeControllerManager: pathOf('kube-controller-manager'),
    kubectl: pathOf('kubectl'),
  };
}

async function presentIn(directory: string | undefined): Promise<ReadonlyMap<ProgramName, string>> {
  const found = new Map<ProgramName, string>();
  if (directory === undefined || directory === '') return found;
  for (const name of programNames) {
    const path = join(directory, name);
    if (await isExecutable(path)) found.set(name, path);
  }
  return found;
}

/** The assets that setup-envtest installs have no kube-controller-manager; it then comes from the cache or Go. */
function tellAboutAssets(
  assets: string,
  found: ReadonlyMap<ProgramName, string>,
  log: (line: string) => void,
): void {
  const absent = programNames.filter((name) => !found.has(name));
  if (absent.length > 0) log(`KUBEBUILDER_ASSETS=${assets} has no ${absent.join(', ')}: looking further`);
}

/** Kubernetes takes its version from the linker; without it `kubectl version` says v0.0.0-master. */
function linkerFlags(kubernetesVersion: string): string {
  const [major, minor] = kubernetesVersion.slice(1).split('.');
  const base = 'k8s.io/component-base/version';
  const values = [
    `${base}.gitVersion=${kubernetesVersion}`,
    `${base}.gitMajor=${major}`,
    `${base}.gitMinor=${minor}`,
    `k8s.io/client-go/pkg/version.gitVersion=${kubernetesVersion}`,
  ];
  return ['-s', '-w', ...values.map((value) => `-X ${value}`)].join(' ');
}

function describeProgram(name: ProgramName, versions: PinnedVersions, turn: 'first' | 'later'): Program {
  return {
    name,
    package: name === 'etcd' ? 'go.etcd.io/etcd/server/v3' : `k8s.io/kubernetes/cmd/${name}`,
    version: name === 'etcd' ? versions.etcd : versions.kubernetes,
    estimateSeconds: buildSeconds[name][turn],
  };
}

interface Lookup {
  readonly missing: readonly string[];
  readonly versions: PinnedVersions;
  readonly assets: string | undefined;
  readonly cache: string;
  readonly go: GoToolchain;
}

/** Says what was looked for, where, and what to do. */
export class MissingBinariesError extends Error {
  override readonly name = 'MissingBinariesError';
  readonly code = 'BINDERY_MISSING_BINARIES';

  constructor(lookup: Lookup) {
    const { versions } = lookup;
    const wantedGo = versions.go.replace(/\.0$/, '');
    const go = lookup.go.kind === 'too-old' ? `${lookup.go.version}, too old` : 'no go on the PATH';
    super(`A Kubernetes control plane needs ${lookup.missing.join(', ')}, found in none of these places:
  KUBEBUILDER_ASSETS   ${lookup.assets === undefined || lookup.assets === '' ? 'not set' : lookup.assets}
  the cache            ${lookup.cache}
  a build with Go      ${go}
Do one of these:
  * Install Go ${wantedGo} or newer (https://go.dev/dl/). Kubernetes ${versions.kubernetes} is then built once, in about five minutes.
  * Set KUBEBUILDER_ASSETS to a directory with etcd, kube-apiserver, kube-controller-manager and kubectl.
  * Copy the cache from a machine with the same platform (${process.platform}-${process.arch}); BINDERY_CACHE sets its place.
  * For integration tests only: BINDERY_USE_KUBECONFIG=1 uses the cluster of KUBECONFIG. Take one that you can spare.`);
  }
}
