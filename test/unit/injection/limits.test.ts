import { parseAnnotations } from '../../../src/injection/annotations.ts';
import { defaultLimits, mostBindings } from '../../../src/injection/limits.ts';
import { inject, key, planFor, pod } from './pods.ts';

/** `count` annotations, made by number. */
function many(count: number, entry: (index: number) => readonly [string, string]): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => entry(index)));
}

const bindings = (count: number) => many(count, (index) => [key('bind', `b${index}`), 'secret/s']);
const db = { [key('bind', 'db')]: 'secret/s' };
const variables = (count: number) => Array.from({ length: count }, (_, at) => `V${at}=k`).join(',');

/** The only problem of annotations that ask for too much. */
function refusal(annotations: Record<string, string>, limits = defaultLimits): string {
  const { requests, problems, isExcessive } = parseAnnotations(annotations, limits);
  expect(requests).toEqual([]);
  expect(problems).toEqual([expect.objectContaining({ severity: 'error' })]);
  expect(isExcessive).toBe(true);
  return problems[0]?.message ?? '';
}

describe('annotations that ask for more than one object may have are not read', () => {
  it('bindings', () => {
    expect(parseAnnotations(bindings(32), defaultLimits).requests).toHaveLength(32);
    expect(refusal(bindings(33))).toBe(
      '33 annotations bind.servicecatalog.k8s.io/… are too many, 32 are allowed: ' +
        'ask for fewer, or have an operator raise --max-bindings',
    );
    expect(parseAnnotations(bindings(40), { bindings: 40 }).requests).toHaveLength(40);
  });

  it('bindings, for those who are not the admission either', () => {
    expect(parseAnnotations(bindings(mostBindings.bindings)).requests).toHaveLength(256);
    expect(refusal(bindings(257), mostBindings)).toContain('257 annotations');
  });

  it('bindings, whoever has read the same before', () => {
    const asked = { ...bindings(33), example: 'read by those who allow more' };
    const read = parseAnnotations(asked, mostBindings);
    expect(read.requests).toHaveLength(33);
    expect(refusal(asked)).toContain('33 annotations');
    const fewer = { ...bindings(20), example: 'read by those who allow less' };
    expect(parseAnnotations(fewer, defaultLimits)).toBe(parseAnnotations(fewer, mostBindings));
    expect(refusal(fewer, { bindings: 19 })).toContain('20 annotations');
    expect(parseAnnotations(asked, mostBindings)).toBe(read);
  });

  it('settings, with a binding or without', () => {
    const settings = many(513, (index) => [key('env.bind', `b${index}`), 'A=b']);
    expect(refusal({ ...db, ...settings })).toContain('513 settings');
  });

  it('bytes, as Kubernetes counts them', () => {
    const half = 'é'.repeat(64 * 1024);
    const text = refusal({ ...db, [key('type.bind', 'db')]: half, [key('env.bind', 'db')]: half });
    expect(text).toMatch(
      /^262\d\d\d bytes .* are too many, 262144 are allowed: put parameters into a Secret/,
    );
    expect(parseAnnotations({ ...db, [key('type.bind', 'db')]: half }).requests).toHaveLength(1);
  });

  it('of values in parameters, over all of them; text is one value, whatever stands in it', () => {
    const asks = { ...db, [key('bind', 'other')]: 'request/pg/small' };
    const params = (count: number) => ({
      [key('params.bind', 'db')]: `{"a":[${Array(count).fill('{}').join(',')}]}`,
    });
    expect(parseAnnotations({ ...asks, ...params(900) }).isExcessive).toBeUndefined();
    const text = JSON.stringify({ script: `,[{"\\`.repeat(2_000) });
    expect(parseAnnotations({ ...asks, [key('params.bind', 'db')]: text }).isExcessive).toBeUndefined();
    const both = {
      ...asks,
      ...params(900),
      [key('params.bind', 'other')]: params(900)[key('params.bind', 'db')]!,
    };
    expect(parseAnnotations(both)).toMatchObject({
      isExcessive: true,
      requests: [],
      problems: [
        { severity: 'error', message: expect.stringContaining('put parameters into a Secret') as string },
      ],
    });
  });

  it('but annotations of others are not counted', () => {
    const others = many(5_000, (index) => [`example.com/a${index}`, 'x'.repeat(60)]);
    expect(parseAnnotations({ ...others, ...db }, defaultLimits).requests).toHaveLength(1);
  });
});

it.each([
  ['env.bind', variables(257), 'binding "db": env 257 variables are too many, 256 are allowed: PREFIX_*'],
  ['containers.bind', 'app,'.repeat(256), 'binding "db": 257 containers are too many, 256 are allowed'],
])('a list of %s has an end', (family, value, message) => {
  const { requests, problems } = parseAnnotations({ ...db, [key(family, 'db')]: value });
  expect(requests).toEqual([]);
  expect(problems).toEqual([
    { key: key(family, 'db'), severity: 'error', message: expect.stringContaining(message) as string },
  ]);
});

describe('a Pod gets nothing when it would get too much', () => {
  const containers = (count: number) => Array.from({ length: count }, (_, at) => ({ name: `c${at}` }));
  const asking = { ...db, [key('env.bind', 'db')]: variables(99) };

  it('of mounts and variables over all containers', () => {
    expect(inject(pod(asking, { containers: containers(100) })).operations).toHaveLength(203);
    expect(planFor(pod(asking, { containers: containers(101) }))).toEqual({
      kind: 'excess',
      message:
        '10100 mounts and variables over all containers are too many, 10000 are allowed: choose containers ' +
        'with containers.bind.servicecatalog.k8s.io/…, or fewer variables',
    });
    const chosen = { ...asking, [key('containers.bind', 'db')]: 'c7,c8' };
    expect(inject(pod(chosen, { containers: containers(101) })).operations).toHaveLength(7);
  });

  it('of containers', () => {
    expect(planFor(pod(db, { containers: containers(1_001) }))).toMatchObject({
      kind: 'excess',
      message: expect.stringContaining('1001 containers are too many') as string,
    });
  });

  it('of directories that its mounts are in', () => {
    const volumeMounts = [{ name: 'v', mountPath: '/a'.repeat(50_000) }];
    expect(planFor(pod(db, { containers: [{ name: 'app', volumeMounts }] }))).toMatchObject({
      kind: 'excess',
      message: expect.stringContaining('50001 directories') as string,
    });
  });
});
