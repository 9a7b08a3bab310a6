export { stopSharedCluster as default } from './shared-cluster-setup.ts';
