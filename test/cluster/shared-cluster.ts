import type { ControlPlaneFiles } from './cluster-access.ts';

/**
 * One cluster for all test files of a run, made in Jest's parent process and found by the workers through an
 * environment variable.
 */
export type SharedCluster =
  | { readonly kind: 'own'; readonly runId: string; readonly files: ControlPlaneFiles }
  | {
      readonly kind: 'existing';
      readonly runId: string;
      readonly kubeconfig: string;
      /** Where kubeconfigs of other users go. */
      readonly directory: string;
      readonly kubectl: string;
    };

export const sharedClusterVariable = 'BINDERY_SHARED_CLUSTER';
/** The value is the run's id: what a run left in an existing cluster can be told from what was there. */
export const runLabel = 'bindery.test/run';
