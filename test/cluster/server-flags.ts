import { join } from 'node:path';
import { adminKubeconfig, authorityCertificate } from './cluster-access.ts';

/** Which admission plugins differ from kube-apiserver's defaults. */
export interface AdmissionOptions {
  readonly enable?: readonly string[];
  /** Default: `['ServiceAccount']`, so that Pods need no ServiceAccount token, which nobody would use. */
  readonly disable?: readonly string[];
}

export interface Ports {
  readonly etcdClient: number;
  readonly etcdPeer: number;
  readonly apiServer: number;
}

/** Files in the control plane's directory, next to those of cluster-access.ts. */
export const serverCertificate = 'server.crt';
export const serverKey = 'server.key';
export const serviceAccountKey = 'service-accounts.key';
export const tokenFile = 'tokens.csv';

const controllers = [
  // Without it the ClusterRoles `view`, `edit` and `admin` are empty.
  'clusterrole-aggregation',
  'cronjob',
  'daemonset',
  'deployment',
  'garbage-collector',
  'job',
  'namespace',
  'replicaset',
  'serviceaccount',
  'statefulset',
];

/** Data of a test may be lost in a power cut: without fsync every write is about 1 ms quicker. */
export function etcdFlags(directory: string, ports: Ports): readonly string[] {
  const client = `http://127.0.0.1:${ports.etcdClient}`;
  const peer = `http://127.0.0.1:${ports.etcdPeer}`;
  return [
    '--name=default',
    `--data-dir=${join(directory, 'etcd')}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    '--unsafe-no-fsync',
    '--logger=zap',
    '--log-level=warn',
  ];
}

export function apiServerFlags(
  directory: string,
  ports: Ports,
  admission: AdmissionOptions,
): readonly string[] {
  const file = (name: string): string => join(directory, name);
  const enable = admission.enable ?? [];
  const disable = admission.disable ?? ['ServiceAccount'];
  return [
    `--etcd-servers=http://127.0.0.1:${ports.etcdClient}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${ports.apiServer}`,
    // Without these two it looks for a default route and fails on a machine that is off the network. There is
    // no Pod network here in which the endpoints of the Service `kubernetes` could be reached.
    '--advertise-address=127.0.0.1',
    '--endpoint-reconciler-type=none',
    '--service-cluster-ip-range=10.0.0.0/24',
    `--cert-dir=${directory}`,
    `--tls-cert-file=${file(serverCertificate)}`,
    `--tls-private-key-file=${file(serverKey)}`,
    `--client-ca-file=${authorityCertificate(directory)}`,
    `--token-auth-file=${file(tokenFile)}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${file(serviceAccountKey)}`,
    `--service-account-signing-key-file=${file(serviceAccountKey)}`,
    '--authorization-mode=RBAC',
    '--allow-privileged=true',
    // Open watches would hold up a graceful stop for the whole request timeout of a minute.
    '--shutdown-watch-termination-grace-period=1s',
    ...(enable.length > 0 ? [`--enable-admission-plugins=${enable.join(',')}`] : []),
    ...(disable.length > 0 ? [`--disable-admission-plugins=${disable.join(',')}`] : []),
  ];
}

export function controllerManagerFlags(directory: string): readonly string[] {
  return [
    `--kubeconfig=${adminKubeconfig(directory)}`,
    `--service-account-private-key-file=${join(directory, serviceAccountKey)}`,
    // As in every real cluster: what a controller makes is told by its account.
    '--use-service-account-credentials=true',
    `--controllers=${controllers.map((name) => `${name}-controller`).join(',')}`,
    '--leader-elect=false',
    // With its default of 20 it throttles itself for seconds when a test makes many objects.
    '--kube-api-qps=200',
    '--kube-api-burst=400',
    '--secure-port=0',
    '--allocate-node-cidrs=false',
  ];
}
