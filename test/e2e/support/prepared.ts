/** What the test files of a run share, made once in Jest's parent process and found through an environment variable. */
export type Prepared =
  | {
      readonly kind: 'ready';
      /** OCI archives. */
      readonly binderyArchive: string;
      readonly applicationArchive: string;
      /** What is in the product's image, uncompressed. */
      readonly binderyImageBytes: number;
      /** Whether the application's image has /bin/reader of consumers/reader. */
      readonly hasReader: boolean;
    }
  | { readonly kind: 'unavailable'; readonly reason: string };

export const preparedVariable = 'BINDERY_E2E_PREPARED';

/** Node.js, the npm package pg and a reader in Go; what a container runs it says itself. */
export const applicationImage = 'localhost/application:test';

export function prepared(): Prepared {
  const value = process.env[preparedVariable];
  if (value === undefined) throw new Error('only tests of the Jest project e2e are prepared');
  return JSON.parse(value) as Prepared;
}

/** `describe` where a node can run; elsewhere the tests are reported as skipped, with the reason. */
export function describeOnNode(name: string, tests: () => void): void {
  const state = prepared();
  if (state.kind === 'ready') describe(name, tests);
  else describe.skip(`${name} (${state.reason})`, tests);
}
