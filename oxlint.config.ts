/** What oxlint enforces: who may import whom, which files are the doors of a package, and the rules for every file. */
import type { OxlintConfig } from 'oxlint';

/**
 * The folders of src/, the lowest first. The files of a folder import what its row names and what those may import,
 * and nothing else of src/. A row names rows above it only, so that imports point downwards.
 */
export const folders: Readonly<Record<string, readonly string[]>> = {
  base: [],
  api: ['base'],
  shapes: ['base'],
  schemas: ['base'],
  osb: ['base'],
  kube: ['base'],
  observability: ['base'],
  injection: ['api', 'shapes'],
  control: ['kube'],
  model: ['control', 'api', 'schemas'],
  certs: ['kube'],
  brokers: ['osb', 'model'],
  operations: ['brokers'],
  catalog: ['brokers'],
  instances: ['operations'],
  bindings: ['operations', 'shapes'],
  presets: ['injection', 'model'],
  workloads: ['injection', 'model'],
  admission: ['injection', 'model'],
  cli: ['injection', 'osb', 'kube', 'schemas'],
  commands: [
    'catalog',
    'instances',
    'bindings',
    'presets',
    'workloads',
    'admission',
    'certs',
    'observability',
  ],
};

/** The packages, and the files of src/ that may import more of them than types. One without doors is for tests. */
export const doors: Readonly<Record<string, readonly string[]>> = {
  '@kubernetes/client-node': ['src/kube/credentials.ts'],
  undici: ['src/kube/**', 'src/osb/transport.ts'],
  fastify: ['src/admission/server.ts', 'src/observability/admin-server.ts'],
  'node-forge': ['src/certs/authority.ts'],
  pino: ['src/observability/log.ts'],
  'prom-client': ['src/observability/**'],
  commander: ['src/main.ts', 'src/cli/**', 'src/commands/install-command.ts'],
  'js-yaml': ['src/commands/**', 'src/cli/**'],
  re2js: ['src/schemas/pattern.ts'],
  'fast-json-patch': [],
  ajv: [],
};

interface ForbiddenImport {
  readonly regex: string;
  readonly message: string;
  readonly allowTypeImports?: boolean;
}

type Override = NonNullable<OxlintConfig['overrides']>[number];

const reach = reachOfFolders();

const forbiddenEverywhere: ForbiddenImport = {
  regex: '(^|/)(main|index)\\.ts$',
  message: 'main.ts is imported by nobody and there are no barrels.',
};

/** For each folder the folders that it may import, itself included. */
function reachOfFolders(): ReadonlyMap<string, readonly string[]> {
  const known = new Map<string, readonly string[]>();
  for (const [folder, row] of Object.entries(folders)) {
    const below = row.flatMap((name) => {
      const names = known.get(name);
      if (names === undefined) throw new Error(`the row of ${folder} names ${name}, which is not above it`);
      return names;
    });
    known.set(folder, [...new Set([folder, ...below])]);
  }
  return known;
}

/** The last override that names a rule is the one that counts, so single files come after the folder they are in. */
function importOverrides(): Override[] {
  const globs = ['src/*.ts', ...[...reach.keys()].map((folder) => `src/${folder}/**`)];
  return [...new Set([...globs, ...Object.values(doors).flat()])].map((files) => ({
    files: [files],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [...forbiddenFolders(files), ...forbiddenPackages(files), forbiddenEverywhere] },
      ],
    },
  }));
}

/** None for the files that are in no folder: they put the parts together. */
function forbiddenFolders(files: string): readonly ForbiddenImport[] {
  const [, folder = ''] = files.split('/');
  const allowed = reach.get(folder);
  if (allowed === undefined) return [];
  const forbidden = [...reach.keys()].filter((name) => !allowed.includes(name));
  const others = allowed.filter((name) => name !== folder).join(', ');
  return [
    {
      regex: `^(\\.{1,2}/)+(${forbidden.join('|')})/`,
      message: `src/${folder} may import only: ${others || 'nothing'} (imports point downwards).`,
    },
  ];
}

function forbiddenPackages(files: string): readonly ForbiddenImport[] {
  return Object.entries(doors)
    .filter(([, places]) => !places.some((place) => covers(place, files)))
    .map(([name, places]) => ({
      regex: `^${name}(/|$)`,
      message: places.length === 0 ? `${name} is for tests.` : `${name} has one door: ${places.join(', ')}.`,
      allowTypeImports: true,
    }));
}

function covers(place: string, files: string): boolean {
  return place === files || (place.endsWith('/**') && files.startsWith(place.slice(0, -'**'.length)));
}

export default {
  plugins: ['typescript', 'import', 'unicorn', 'oxc', 'promise'],
  categories: { correctness: 'error', suspicious: 'error' },
  ignorePatterns: ['dist', 'src/api/generated', 'node_modules'],
  env: { node: true, es2024: true, jest: true },
  rules: {
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    'typescript/no-explicit-any': 'error',
    'typescript/no-non-null-assertion': 'error',
    'typescript/consistent-type-imports': 'error',
    'typescript/only-throw-error': 'error',
    'typescript/await-thenable': 'error',
    'typescript/no-unnecessary-type-assertion': 'error',
    'import/no-cycle': ['error', { ignoreTypes: false }],
    'import/no-default-export': 'error',
    'import/no-namespace': 'error',
    'no-console': 'error',
    'no-var': 'error',
    'prefer-const': 'error',
    eqeqeq: 'error',
    complexity: ['error', { max: 12 }],
    'max-lines': ['error', { max: 400, skipBlankLines: false, skipComments: false }],
    'max-depth': ['error', { max: 4 }],
    'no-shadow': 'off',
    'no-await-in-loop': 'off',
    'no-underscore-dangle': 'off',
    'import/no-unassigned-import': 'off',
    'unicorn/no-array-sort': 'off',
    'unicorn/no-array-reverse': 'off',
    'unicorn/consistent-function-scoping': 'off',
    'no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    'typescript/no-unsafe-type-assertion': 'off',
    'typescript/consistent-return': 'off',
  },
  overrides: [
    ...importOverrides(),
    {
      files: ['src/cli/**', 'src/main.ts', 'scripts/**', 'demo/**', 'test/**'],
      rules: { 'no-console': 'off' },
    },
    {
      files: ['test/**', 'demo/**', 'scripts/**'],
      rules: { 'typescript/no-non-null-assertion': 'off', complexity: 'off' },
    },
    {
      files: ['src/**'],
      rules: {
        'no-restricted-properties': [
          'error',
          { property: 'instanceRef', message: 'Ask model/instance-of.ts: a name alone is not an instance.' },
        ],
      },
    },
    // They read what a file or an old object says, whatever it means to this cluster.
    {
      files: ['src/model/instance-of.ts', 'src/model/abandoned.ts', 'src/cli/alpha-object.ts'],
      rules: { 'no-restricted-properties': 'off' },
    },
    // `then` is a keyword of JSON Schema.
    { files: ['test/unit/schemas/**'], rules: { 'unicorn/no-thenable': 'off' } },
    { files: ['*.js', '*.config.ts'], rules: { 'import/no-default-export': 'off' } },
  ],
} satisfies OxlintConfig;
