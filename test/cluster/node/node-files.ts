import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  issueClientCertificate,
  issueServerCertificate,
  makeAuthority,
  type KeyAndCertificate,
} from '../certificates.ts';
import { adminKubeconfig, authorityCertificate, authorityKey } from '../cluster-access.ts';
import { writeKubeconfig } from '../kubeconfig.ts';
import { serverCertificate, serverKey, serviceAccountKey, tokenFile } from '../server-flags.ts';
import type { NodePrograms } from './node-programs.ts';

/** Addresses inside of the node's own network: two nodes on one machine do not see each other. */
export const nodeAddress = '10.99.0.1';
export const serviceAddress = '10.0.0.1';
export const apiServerPort = 6443;
export const nodeName = 'node';
export const pauseImage = 'bindery.local/pause:1';
export const insideServer = `https://${nodeAddress}:${apiServerPort}`;

export const inside = {
  kubeletCertificate: 'kubelet.crt',
  kubeletKey: 'kubelet.key',
  kubeletClientCertificate: 'kubelet-client.crt',
  kubeletClientKey: 'kubelet-client.key',
  kubelet: 'kubelet.kubeconfig',
  scheduler: 'kube-scheduler.kubeconfig',
  controllerManager: 'kube-controller-manager.kubeconfig',
  kubeletConfig: 'kubelet.json',
  containerdConfig: 'containerd.toml',
  containerdSocket: 'containerd.sock',
} as const;

export interface NodeFilesOptions {
  readonly directory: string;
  readonly cgroup: string;
  /** Where this process and its children reach the API server. */
  readonly outsideServer: string;
  readonly programs: NodePrograms;
  /** How often the kubelet looks at a Pod again, such as `1m`. */
  readonly syncFrequency: string;
}

/** Writes keys, kubeconfigs and settings of all parts. Gives the administrator's token. */
export async function writeNodeFiles(options: NodeFilesOptions): Promise<string> {
  const { directory } = options;
  const token = randomBytes(24).toString('hex');
  await writeCredentials(options, token);
  await write(directory, inside.kubeletConfig, JSON.stringify(kubeletConfig(options), undefined, 2));
  await write(directory, inside.containerdConfig, containerdConfig(options));
  await write(directory, 'resolv.conf', '');
  await mkdir(join(directory, 'cni'));
  await write(directory, 'cni/10-bridge.conflist', JSON.stringify(networkConfig(directory), undefined, 2));
  return token;
}

async function writeCredentials(
  { directory, outsideServer }: NodeFilesOptions,
  token: string,
): Promise<void> {
  const authority = await makeAuthority('bindery-test-authority');
  const authorityPem = authority.certificatePem;
  const [apiServer, kubeletServing, kubeletClient] = await Promise.all([
    issueServerCertificate(authority, {
      dns: ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'],
      ips: ['127.0.0.1', nodeAddress, serviceAddress],
    }),
    issueServerCertificate(authority, { dns: [nodeName], ips: [nodeAddress] }),
    // Kubernetes' own role for it, system:kubelet-api-admin, is bound to nobody.
    issueClientCertificate(authority, { commonName: 'apiserver-kubelet', organizations: ['system:masters'] }),
  ]);
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'sec1', format: 'pem' },
  });
  const kubeconfigOf = async (name: string, user: KeyAndCertificate): Promise<void> =>
    writeKubeconfig(join(directory, name), {
      server: insideServer,
      authorityPem,
      userName: name,
      user: { clientCertificatePem: user.certificatePem, clientKeyPem: user.keyPem },
    });
  const clientOf = async (commonName: string, ...organizations: string[]): Promise<KeyAndCertificate> =>
    issueClientCertificate(authority, { commonName, organizations });
  await Promise.all([
    writeFile(authorityCertificate(directory), authorityPem),
    writeFile(authorityKey(directory), authority.keyPem, { mode: 0o600 }),
    write(directory, serverCertificate, apiServer.certificatePem),
    write(directory, serverKey, apiServer.keyPem),
    write(directory, inside.kubeletCertificate, kubeletServing.certificatePem),
    write(directory, inside.kubeletKey, kubeletServing.keyPem),
    write(directory, inside.kubeletClientCertificate, kubeletClient.certificatePem),
    write(directory, inside.kubeletClientKey, kubeletClient.keyPem),
    write(directory, serviceAccountKey, privateKey),
    write(directory, tokenFile, `${token},admin,admin-uid,"system:masters"\n`),
    kubeconfigOf(inside.kubelet, await clientOf(`system:node:${nodeName}`, 'system:nodes')),
    kubeconfigOf(inside.scheduler, await clientOf('system:kube-scheduler')),
    kubeconfigOf(inside.controllerManager, await clientOf('system:kube-controller-manager')),
    writeKubeconfig(adminKubeconfig(directory), {
      server: outsideServer,
      authorityPem,
      userName: 'admin',
      user: { token },
    }),
  ]);
}

function kubeletConfig({ directory, cgroup, syncFrequency }: NodeFilesOptions): object {
  const file = (name: string): string => join(directory, name);
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: nodeAddress,
    readOnlyPort: 0,
    healthzBindAddress: '127.0.0.1',
    containerRuntimeEndpoint: `unix://${file(inside.containerdSocket)}`,
    failCgroupV1: false,
    failSwapOn: false,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${cgroup}`,
    // Instead of writing the machine's settings; see inside.sh.
    protectKernelDefaults: true,
    makeIPTablesUtilChains: false,
    syncFrequency,
    // What is thrown away here could not be fetched again: there is no registry.
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '0%', 'imagefs.available': '0%' },
    resolvConf: file('resolv.conf'),
    clusterDomain: 'cluster.local',
    podLogsDir: file('pod-logs'),
    volumePluginDir: file('volume-plugins'),
    tlsCertFile: file(inside.kubeletCertificate),
    tlsPrivateKeyFile: file(inside.kubeletKey),
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: authorityCertificate(directory) },
    },
    authorization: { mode: 'Webhook' },
  };
}

function containerdConfig({ directory, programs }: NodeFilesOptions): string {
  const file = (name: string): string => join(directory, name);
  return `version = 3
root = '${file('containerd')}'
state = '${file('containerd-state')}'
disabled_plugins = [
  'io.containerd.internal.v1.tracing', 'io.containerd.nri.v1.nri', 'io.containerd.snapshotter.v1.blockfile',
  'io.containerd.snapshotter.v1.devmapper', 'io.containerd.snapshotter.v1.erofs',
  'io.containerd.tracing.processor.v1.otlp',
]

[grpc]
  address = '${file(inside.containerdSocket)}'

[plugins.'io.containerd.internal.v1.opt']
  path = '${file('containerd-opt')}'

[plugins.'io.containerd.cri.v1.images']
  snapshotter = 'overlayfs'
  [plugins.'io.containerd.cri.v1.images'.pinned_images]
    sandbox = '${pauseImage}'

[plugins.'io.containerd.cri.v1.runtime']
  # Lowering the score of a process needs CAP_SYS_RESOURCE, which root does not have everywhere.
  restrict_oom_score_adj = true
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ['${programs.networkPlugins}']
    conf_dir = '${file('cni')}'
  [plugins.'io.containerd.cri.v1.runtime'.containerd]
    default_runtime_name = 'runc'
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
      runtime_type = 'io.containerd.runc.v2'
      [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
        BinaryName = '${programs.runc}'
        SystemdCgroup = false
`;
}

function networkConfig(directory: string): object {
  return {
    cniVersion: '1.0.0',
    name: 'bindery',
    plugins: [
      {
        type: 'bridge',
        bridge: 'pods0',
        isGateway: true,
        ipMasq: false,
        hairpinMode: true,
        ipam: {
          type: 'host-local',
          dataDir: join(directory, 'cni-addresses'),
          ranges: [[{ subnet: '10.98.0.0/24' }]],
          routes: [{ dst: '0.0.0.0/0' }],
        },
      },
    ],
  };
}

async function write(directory: string, name: string, content: string): Promise<void> {
  const path = join(directory, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content, { mode: 0o600 });
}
