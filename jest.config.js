// Node's own type stripping is the transformer: tests run exactly what `node src/main.ts` runs.
const project = (name, extra = {}) => ({
  displayName: name,
  rootDir: import.meta.dirname,
  testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/support/strip-types.js' },
  testEnvironment: 'node',
  ...extra,
});

export default {
  projects: ['unit', 'contract', 'integration', 'e2e'].map((name) => project(name)),
  testTimeout: 30_000,
  maxWorkers: 2,
};
