export { startSharedCluster as default } from './shared-cluster-setup.ts';
