import { join } from 'node:path';
import { brokerShapes, type BrokerShape } from './broker-shapes.ts';
import { Projection, provider } from './projection.ts';
import {
  outputOf,
  programDirectory,
  reasonToSkip,
  type ForeignProgram,
} from '../../support/foreign-program.ts';

const spring: ForeignProgram = {
  folder: join(import.meta.dirname, 'spring-cloud-bindings'),
  // Spring Boot 3 needs Java 17.
  needs: [
    ['java', '--source', '17', '--version'],
    ['mvn', '--version'],
  ],
  build: (into) => [
    'mvn',
    '--batch-mode',
    '--quiet',
    '--strict-checksums',
    'dependency:copy-dependencies',
    `-DoutputDirectory=${into}`,
  ],
};
const go: ForeignProgram = {
  folder: join(import.meta.dirname, 'go-bindings'),
  needs: [['go', 'version']],
  build: (into) => ['go', 'build', '-trimpath', '-o', join(into, 'reader'), '.'],
};
const python: ForeignProgram = {
  folder: join(import.meta.dirname, 'pyservicebinding'),
  needs: [['python3', '-m', 'pip', '--version']],
  build: (into) => [
    'python3',
    '-m',
    'pip',
    'install',
    '--quiet',
    '--no-deps',
    '--only-binary=:all:',
    '--require-hashes',
    `--target=${into}`,
    '--requirement=requirements.txt',
  ],
};

let projection: Projection;
beforeAll(async () => {
  projection = await Projection.of(brokerShapes);
});
afterAll(() => projection[Symbol.asyncDispose]());

/** What the readers are asked for: of each broker the bindings of its type. */
function questions(): string {
  return JSON.stringify(
    brokerShapes.map((shape) => ({
      root: projection.rootOf(shape),
      type: shape.type,
      keys: ['type', 'provider', ...Object.keys(shape.keys)],
    })),
  );
}

/**
 * One test for each broker, where the machine has what the reader needs.
 * @param run asks the reader of that directory for all brokers at once
 * @param check judges the output for one of them
 */
function describeReader(
  name: string,
  reader: ForeignProgram,
  run: (directory: string) => Promise<string>,
  check: (output: string, shape: BrokerShape) => void,
): void {
  const whyNot = reasonToSkip(reader);
  const describeHere = whyNot === undefined ? describe : describe.skip;
  describeHere(`${name}${whyNot === undefined ? '' : ` (skipped: ${whyNot})`}`, () => {
    let output = '';
    beforeAll(async () => {
      output = await run(await programDirectory(reader));
    }, 1_200_000);

    it.each(brokerShapes)('reads the Secret of $broker', (shape) => check(output, shape));
  });
}

/** It is found by its type, with all of its keys. */
function expectFound(output: string, shape: BrokerShape): void {
  const answers = JSON.parse(output) as readonly unknown[];
  const entries = { type: shape.type, provider, ...shape.keys };
  expect(answers[brokerShapes.indexOf(shape)]).toEqual([expect.objectContaining(entries)]);
}

/** An application is configured, and can be started with it. */
function expectConfigured(output: string, shape: BrokerShape): void {
  const lines = output.split('\n').map((line) => line.split('\t'));
  const mine = lines.filter(([root]) => root === projection.rootOf(shape));
  const made = Object.fromEntries(mine.map(([, name = '', value = '']) => [name, decodeURIComponent(value)]));
  expect(made).toMatchObject(shape.spring);
  expect(made['-> refused']).toBeUndefined();
}

describeReader(
  'Spring Cloud Bindings',
  spring,
  (directory) => {
    const program = join(spring.folder, 'SpringReader.java');
    const roots = brokerShapes.map((shape) => projection.rootOf(shape));
    return outputOf('java', ['-cp', join(directory, '*'), program, ...roots]);
  },
  expectConfigured,
);

describeReader(
  'client-go of servicebinding.io',
  go,
  (directory) => outputOf(join(directory, 'reader'), [questions()]),
  expectFound,
);

describeReader(
  'pyservicebinding',
  python,
  (directory) => {
    const program = join(python.folder, 'reader.py');
    return outputOf('python3', [program, questions()], { PYTHONPATH: directory });
  },
  expectFound,
);

describe('kube-service-bindings', () => {
  const forNode = brokerShapes.filter(({ node }) => node !== undefined);
  let answers: readonly unknown[] = [];
  beforeAll(async () => {
    const asked = forNode.map((shape) => [projection.rootOf(shape), ...(shape.node ?? []).slice(0, 2)]);
    const script = `const { getBinding } = require('kube-service-bindings');
      process.stdout.write(JSON.stringify(${JSON.stringify(asked)}.map(([root, type, client]) => {
        process.env.SERVICE_BINDING_ROOT = root;
        return getBinding(type, client);
      })));`;
    answers = JSON.parse(await outputOf(process.execPath, ['--eval', script])) as readonly unknown[];
  });

  it.each(forNode)('configures a client for $broker', (shape) => {
    expect(answers[forNode.indexOf(shape)]).toMatchObject(shape.node?.[2] ?? {});
  });
});
