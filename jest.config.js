import { join } from 'node:path';

// Node's own type stripping is the transformer: tests run exactly what `node src/main.ts` runs.
const project = (name, extra = {}) => ({
  displayName: name,
  rootDir: import.meta.dirname,
  testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/support/strip-types.js' },
  testEnvironment: 'node',
  // Beside what it is made from, and nothing of it in the directory for temporary files.
  cacheDirectory: join(import.meta.dirname, 'node_modules', '.cache', 'jest'),
  ...extra,
});

export default {
  projects: [
    project('unit'),
    project('contract'),
    project('integration', {
      globalSetup: '<rootDir>/test/cluster/jest-global-setup.js',
      globalTeardown: '<rootDir>/test/cluster/jest-global-teardown.js',
    }),
    project('e2e', {
      globalSetup: '<rootDir>/test/e2e/support/e2e-setup.js',
      globalTeardown: '<rootDir>/test/e2e/support/e2e-teardown.js',
      setupFilesAfterEnv: ['<rootDir>/test/e2e/support/patience.js'],
    }),
  ],
  testTimeout: 60_000,
};
