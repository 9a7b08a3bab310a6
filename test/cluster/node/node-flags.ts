import { join } from 'node:path';
import { authorityCertificate } from '../cluster-access.ts';
import { serverCertificate, serverKey, serviceAccountKey, tokenFile } from '../server-flags.ts';
import { apiServerPort, inside, nodeAddress, nodeName } from './node-files.ts';

/** Fixed: in the node's own network nobody else takes them. */
export const etcdPorts = { etcdClient: 2379, etcdPeer: 2380, apiServer: apiServerPort };

export function nodeApiServerFlags(directory: string): readonly string[] {
  const file = (name: string): string => join(directory, name);
  return [
    `--etcd-servers=http://127.0.0.1:${etcdPorts.etcdClient}`,
    '--bind-address=0.0.0.0',
    `--secure-port=${apiServerPort}`,
    `--advertise-address=${nodeAddress}`,
    '--service-cluster-ip-range=10.0.0.0/24',
    `--cert-dir=${directory}`,
    `--tls-cert-file=${file(serverCertificate)}`,
    `--tls-private-key-file=${file(serverKey)}`,
    `--client-ca-file=${authorityCertificate(directory)}`,
    `--token-auth-file=${file(tokenFile)}`,
    `--kubelet-client-certificate=${file(inside.kubeletClientCertificate)}`,
    `--kubelet-client-key=${file(inside.kubeletClientKey)}`,
    `--kubelet-certificate-authority=${authorityCertificate(directory)}`,
    '--kubelet-preferred-address-types=InternalIP',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${file(serviceAccountKey)}`,
    `--service-account-signing-key-file=${file(serviceAccountKey)}`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--allow-privileged=true',
    // There is no kube-proxy: webhooks are called at the addresses of their Pods, not at that of their Service.
    '--enable-aggregator-routing=true',
    '--shutdown-watch-termination-grace-period=1s',
  ];
}

export function nodeControllerManagerFlags(directory: string): readonly string[] {
  return [
    `--kubeconfig=${join(directory, inside.controllerManager)}`,
    `--service-account-private-key-file=${join(directory, serviceAccountKey)}`,
    `--root-ca-file=${authorityCertificate(directory)}`,
    // Every controller with the rights that Kubernetes gives it, as in a real cluster.
    '--use-service-account-credentials=true',
    '--leader-elect=false',
    '--kube-api-qps=200',
    '--kube-api-burst=400',
    '--secure-port=0',
  ];
}

export function schedulerFlags(directory: string): readonly string[] {
  return [`--kubeconfig=${join(directory, inside.scheduler)}`, '--leader-elect=false', '--secure-port=0'];
}

export function kubeletFlags(directory: string): readonly string[] {
  return [
    `--config=${join(directory, inside.kubeletConfig)}`,
    `--kubeconfig=${join(directory, inside.kubelet)}`,
    `--root-dir=${join(directory, 'kubelet')}`,
    `--cert-dir=${join(directory, 'kubelet-certificates')}`,
    `--hostname-override=${nodeName}`,
    `--node-ip=${nodeAddress}`,
  ];
}
