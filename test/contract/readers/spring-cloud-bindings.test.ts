import { join } from 'node:path';
import { brokerShapes } from './broker-shapes.ts';
import { Projection } from './projection.ts';
import { outputOf, readerDirectory, reasonToSkip, type Reader } from './reader-programs.ts';

/** Spring Cloud Bindings with Spring Boot 3 and the JDBC drivers of the databases. */
const reader: Reader = {
  folder: 'spring-cloud-bindings',
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
const whyNot = reasonToSkip(reader);
const describeHere = whyNot === undefined ? describe : describe.skip;

describeHere(`Spring Cloud Bindings${whyNot === undefined ? '' : ` (skipped: ${whyNot})`}`, () => {
  /** By directory and name, all from one run. */
  const made = new Map<string, Record<string, string>>();
  let projection: Projection;
  beforeAll(async () => {
    projection = await Projection.of(brokerShapes);
    const jars = join(await readerDirectory(reader), '*');
    const program = join(import.meta.dirname, reader.folder, 'SpringReader.java');
    const roots = brokerShapes.map((shape) => projection.rootOf(shape));
    const lines = (await outputOf('java', ['-cp', jars, program, ...roots])).trimEnd().split('\n');
    for (const line of lines) {
      const [root = '', name = '', value = ''] = line.split('\t');
      made.set(root, { ...made.get(root), [name]: decodeURIComponent(value) });
    }
  }, 1_200_000);
  afterAll(() => projection[Symbol.asyncDispose]());

  it.each(brokerShapes)('configures an application for $broker', (shape) => {
    const found = made.get(projection.rootOf(shape)) ?? {};
    expect(found).toMatchObject(shape.spring);
    // An application that can not bind a property does not start.
    expect(found['-> refused']).toBeUndefined();
  });
});
