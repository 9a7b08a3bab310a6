import { join } from 'node:path';
import { brokerShapes, type BrokerShape } from './broker-shapes.ts';
import { Projection, provider } from './projection.ts';
import { outputOf, readerDirectory, reasonToSkip, type Reader } from './reader-programs.ts';

const go: Reader = {
  folder: 'go-bindings',
  needs: [['go', 'version']],
  build: (into) => ['go', 'build', '-trimpath', '-o', join(into, 'reader'), '.'],
};
const python: Reader = {
  folder: 'pyservicebinding',
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

/** @param run answers the questions, all at once */
function describeReader(name: string, reader: Reader, run: (directory: string) => Promise<string>): void {
  const whyNot = reasonToSkip(reader);
  const describeHere = whyNot === undefined ? describe : describe.skip;
  describeHere(`${name}${whyNot === undefined ? '' : ` (skipped: ${whyNot})`}`, () => {
    let answers: readonly unknown[] = [];
    beforeAll(async () => {
      answers = JSON.parse(await run(await readerDirectory(reader))) as readonly unknown[];
    }, 1_200_000);

    it.each(brokerShapes)('finds by its type, with its keys: $broker', (shape: BrokerShape) => {
      const entries = { type: shape.type, provider, ...shape.keys };
      expect(answers[brokerShapes.indexOf(shape)]).toEqual([expect.objectContaining(entries)]);
    });
  });
}

describeReader('client-go of servicebinding.io', go, (directory) =>
  outputOf(join(directory, 'reader'), [questions()]),
);

describeReader('pyservicebinding', python, (directory) => {
  const program = join(import.meta.dirname, python.folder, 'reader.py');
  return outputOf('python3', [program, questions()], { PYTHONPATH: directory });
});

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
