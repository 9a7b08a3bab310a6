import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory, cacheRoot, isExecutable } from '../binary-cache.ts';
import { buildPrograms, type Program } from '../build-programs.ts';
import { findGo } from '../go-toolchain.ts';
import { seccompHeaders } from './seccomp-headers.ts';

/** Absolute paths of what a node consists of, beside a control plane. */
export interface NodePrograms {
  readonly kubelet: string;
  readonly kubeScheduler: string;
  readonly containerd: string;
  readonly ctr: string;
  readonly runc: string;
  readonly pause: string;
  /** Directory of the network plugins. */
  readonly networkPlugins: string;
}

export interface FindNodeProgramsOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** One line of progress each; default: standard error. */
  readonly log?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** One Go module below this folder, and what is built from it. */
interface Source {
  readonly module: string;
  /** Pattern of the line of go.mod that tells the version. */
  readonly versionOf?: string;
  readonly packages: readonly { readonly path: string; readonly estimateSeconds: number }[];
  readonly ldflags: (version: string) => readonly string[];
  readonly needsSeccomp?: boolean;
}

const kubernetesVersion = (version: string): readonly string[] => {
  const [major, minor] = version.slice(1).split('.');
  const base = 'k8s.io/component-base/version';
  return [
    `-X ${base}.gitVersion=${version}`,
    `-X ${base}.gitMajor=${major}`,
    `-X ${base}.gitMinor=${minor}`,
    `-X k8s.io/client-go/pkg/version.gitVersion=${version}`,
  ];
};

/**
 * Modules of their own: in one module the requirements of containerd and the network plugins would lift those of
 * Kubernetes, and a change here would make level 1 build anew.
 */
const sources: readonly Source[] = [
  {
    module: 'kubernetes',
    versionOf: 'k8s.io/kubernetes',
    packages: [
      { path: 'k8s.io/kubernetes/cmd/kube-scheduler', estimateSeconds: 60 },
      { path: 'k8s.io/kubernetes/cmd/kubelet', estimateSeconds: 45 },
    ],
    ldflags: kubernetesVersion,
  },
  {
    module: 'containerd',
    versionOf: 'github.com/containerd/containerd/v2',
    packages: [
      { path: 'github.com/containerd/containerd/v2/cmd/containerd', estimateSeconds: 45 },
      { path: 'github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2', estimateSeconds: 5 },
      { path: 'github.com/containerd/containerd/v2/cmd/ctr', estimateSeconds: 8 },
    ],
    ldflags: (version) => [`-X github.com/containerd/containerd/v2/version.Version=${version}`],
  },
  {
    module: 'cni',
    versionOf: 'github.com/containernetworking/plugins',
    packages: ['main/bridge', 'main/loopback', 'ipam/host-local'].map((name) => ({
      path: `github.com/containernetworking/plugins/plugins/${name}`,
      estimateSeconds: 3,
    })),
    ldflags: () => [],
  },
  {
    module: 'runc',
    versionOf: 'github.com/opencontainers/runc',
    packages: [{ path: 'github.com/opencontainers/runc', estimateSeconds: 12 }],
    ldflags: (version) => [`-X main.version=${version.slice(1)}`, '-extldflags -static'],
    needsSeccomp: true,
  },
  {
    module: 'pause',
    packages: [{ path: 'bindery.test/node/pause', estimateSeconds: 1 }],
    ldflags: () => [],
  },
];

/** Finds the programs in the cache, and builds with Go what is not there. */
export async function findNodePrograms(options: FindNodeProgramsOptions = {}): Promise<NodePrograms> {
  const paths = new Map<string, string>();
  for (const source of sources) {
    for (const [name, path] of await programsOf(source, options)) paths.set(name, path);
  }
  const pathOf = (name: string): string => {
    const path = paths.get(name);
    if (path === undefined) throw new Error(`no Go module of a node has the program ${name}`);
    return path;
  };
  return {
    kubelet: pathOf('kubelet'),
    kubeScheduler: pathOf('kube-scheduler'),
    containerd: pathOf('containerd'),
    ctr: pathOf('ctr'),
    runc: pathOf('runc'),
    pause: pathOf('pause'),
    networkPlugins: join(pathOf('bridge'), '..'),
  };
}

async function programsOf(
  source: Source,
  options: FindNodeProgramsOptions,
): Promise<readonly (readonly [string, string])[]> {
  const env = options.env ?? process.env;
  const log = options.log ?? ((line: string): unknown => process.stderr.write(`${line}\n`));
  const moduleDirectory = join(import.meta.dirname, source.module);
  const goMod = await readFile(join(moduleDirectory, 'go.mod'), 'utf8');
  const version = versionIn(goMod, source);
  const ldflags = ['-s', '-w', ...source.ldflags(version)].join(' ');
  const recipe = source.versionOf === undefined ? await contentOf(moduleDirectory) : ldflags;
  const label = `node-${source.module}-${version}`;
  const into = await cacheDirectory(cacheRoot(env), moduleDirectory, label, recipe);
  const programs = source.packages.map(({ path, estimateSeconds }): Program => {
    const name = path.split('/').at(-1) ?? path;
    return { name, package: path, version, estimateSeconds };
  });
  const paths = programs.map(({ name }) => [name, join(into, name)] as const);
  const present = await Promise.all(paths.map(async ([, path]) => isExecutable(path)));
  if (present.every(Boolean)) return paths;
  const wanted = /^go (\S+)/m.exec(goMod)?.[1] ?? '';
  const go = await findGo(env, wanted);
  if (go.kind !== 'found') {
    throw new Error(
      `a node needs ${programs.map(({ name }) => name).join(', ')}: not in ${into}, and no Go ${wanted} to build it`,
    );
  }
  const seccomp = source.needsSeccomp === true ? await seccompHeaders(into) : undefined;
  await buildPrograms({
    programs,
    moduleDirectory,
    into,
    ldflags,
    go: go.command,
    env,
    log,
    ...(seccomp === undefined
      ? {}
      : { goArgs: ['-tags=netgo osusergo seccomp'], goEnv: { CGO_ENABLED: '1', ...seccomp } }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  return paths;
}

function versionIn(goMod: string, source: Source): string {
  if (source.versionOf === undefined) return 'v1';
  const escaped = source.versionOf.replaceAll(/[./]/g, String.raw`\$&`);
  const version = new RegExp(`^\\s*(?:require )?${escaped} (v\\S+)`, 'm').exec(goMod)?.[1];
  if (version === undefined) throw new Error(`${source.module}/go.mod does not require ${source.versionOf}`);
  return version;
}

/** Our own source decides what is built from it. */
async function contentOf(moduleDirectory: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(join(moduleDirectory, 'main.go')))
    .digest('hex');
}
