import { programsImage, type Images } from './images.ts';

/** What the test files of a run share, made once in Jest's parent process and found through an environment variable. */
export type Prepared =
  | { readonly kind: 'node'; readonly images: Images }
  | ExistingCluster
  | { readonly kind: 'unavailable'; readonly reason: string };

/** Somebody's cluster: `npm run test:e2e -- --use-kubeconfig`. */
export interface ExistingCluster {
  readonly kind: 'existing';
  readonly kubeconfig: string;
  /** Path of kubectl, or its name on the PATH. */
  readonly kubectl: string;
  /** For files of the run. */
  readonly directory: string;
  /** What the cluster can pull, or has. */
  readonly image: string;
  readonly programsImage: string;
}

export const preparedVariable = 'BINDERY_E2E_PREPARED';

export function prepared(): Prepared {
  const value = process.env[preparedVariable];
  if (value === undefined) throw new Error('only tests of the Jest project e2e are prepared');
  return JSON.parse(value) as Prepared;
}

/** The name under which the cluster has it. */
export function programsImageHere(): string {
  const state = prepared();
  return state.kind === 'existing' ? state.programsImage : programsImage;
}

/** `describe` where there is a cluster; elsewhere the tests are reported as skipped, with the reason. */
export function describeInCluster(name: string, tests: () => void): void {
  const state = prepared();
  if (state.kind === 'unavailable') describe.skip(`${name} (skipped: ${state.reason})`, tests);
  else describe(name, tests);
}

/** For what only the machine below a cluster can do. With a cluster of somebody else it is skipped, with the reason. */
export function describeOnOwnNode(name: string, why: string, tests: () => void): void {
  if (prepared().kind === 'existing') describe.skip(`${name} (skipped: ${why})`, tests);
  else describeInCluster(name, tests);
}

/** The same for one test. */
export function itOnOwnNode(name: string, why: string, test: () => Promise<void>): void {
  if (prepared().kind === 'existing') it.skip(`${name} (skipped: ${why})`, test);
  else it(name, test);
}

/** For a test that runs the reader in Go, which an image of our own lacks where there is no Go. */
export function itWithGo(name: string, test: () => Promise<void>, timeoutMs: number): void {
  const state = prepared();
  if (state.kind === 'node' && !state.images.hasReader) it.skip(`${name} (skipped: Go is not here)`, test);
  else it(name, test, timeoutMs);
}
