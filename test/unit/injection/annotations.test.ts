import { asksForBindings, parseAnnotations } from '../../../src/injection/annotations.ts';
import type { BindingRequest } from '../../../src/injection/request.ts';
import { key } from './pods.ts';

const bind = (name: string): string => key('bind', name);

function only(annotations: Record<string, string>): BindingRequest {
  const { requests, problems } = parseAnnotations(annotations);
  expect(problems).toEqual([]);
  expect(requests).toHaveLength(1);
  return requests[0]!;
}

function problemsOf(annotations: Record<string, string>): readonly string[] {
  return parseAnnotations(annotations).problems.map(({ severity, message }) => `${severity}: ${message}`);
}

describe('the source of a binding', () => {
  it.each([
    ['', 'binding/db', { kind: 'binding', binding: 'db' }],
    ['  ', 'binding/db', { kind: 'binding', binding: 'db' }],
    ['binding/orders-db', 'binding/orders-db', { kind: 'binding', binding: 'orders-db' }],
    ['instance/pg', 'instance/pg', { kind: 'instance', instance: 'pg' }],
    ['secret/my.secret', 'secret/my.secret', { kind: 'secret', secret: 'my.secret' }],
    [
      'request/Post_gres/Small (v2)'.replace(' (v2)', ''),
      'request/Post_gres/Small',
      { kind: 'request', class: 'Post_gres', plan: 'Small' },
    ],
    [' request/a/b ', 'request/a/b', { kind: 'request', class: 'a', plan: 'b' }],
  ])('%j means %s', (value, text, source) => {
    expect(only({ [bind('db')]: value })).toMatchObject({ name: 'db', sourceText: text, source });
  });

  it.each([
    'db',
    'binding/',
    'binding/Upper',
    'binding/a/b',
    'secret/-x',
    'secret/..',
    'request/a',
    'request/a/b/c',
    'request//b',
    'instance/a b',
    'other/x',
  ])('%j is refused', (value) => {
    const { requests, problems } = parseAnnotations({ [bind('db')]: value });
    expect(requests).toEqual([]);
    expect(problems).toEqual([expect.objectContaining({ key: bind('db'), severity: 'error' })]);
  });
});

describe('(20) names of bindings', () => {
  it.each(['', 'Foo', '..', '.', 'a/b', 'a_b', '-a', 'a-', 'x'.repeat(64), 'ä', 'a b'])(
    '%j is refused with a message',
    (name) => {
      const { requests, problems } = parseAnnotations({ [bind(name)]: 'secret/s' });
      expect(requests).toEqual([]);
      expect(problems[0]).toMatchObject({ severity: 'error', key: bind(name) });
    },
  );

  it.each(['a', 'a.b', 'a..b', '0', 'x'.repeat(63), 'constructor', 'tostring'])('%j is a name', (name) => {
    expect(only({ [bind(name)]: 'secret/s' }).name).toBe(name);
  });

  it('a key without a name is refused', () => {
    expect(problemsOf({ 'bind.servicecatalog.k8s.io': 'secret/s' })).toEqual([
      expect.stringContaining('error: "bind.servicecatalog.k8s.io" names no binding'),
    ]);
  });
});

describe('env', () => {
  it.each([
    [
      'A=x,B=y.z',
      [
        { name: 'A', key: 'x' },
        { name: 'B', key: 'y.z' },
      ],
      [],
    ],
    [' A = x , ', [{ name: 'A', key: 'x' }], []],
    ['PG_*', [], ['PG_']],
    ['*', [], ['']],
    ['A=x,PG_*', [{ name: 'A', key: 'x' }], ['PG_']],
    ['', [], []],
  ])('%j', (value, variables, prefixes) => {
    const request = only({ [bind('db')]: '', [key('env.bind', 'db')]: value });
    expect(request.env).toEqual({ variables, prefixes });
  });

  it.each(['A', 'A=', '=x', 'A=x y', 'A=..x', 'A B=x', 'Ä=x'])('%j is refused', (value) => {
    expect(problemsOf({ [bind('db')]: '', [key('env.bind', 'db')]: value })).toEqual([
      expect.stringMatching(/^error: binding "db": env /),
    ]);
  });

  it('(57) a name that no shell can read is warned about, and used', () => {
    const annotations = { [bind('db')]: '', [key('env.bind', 'db')]: 'my.url=uri' };
    expect(problemsOf(annotations)).toEqual([
      'warning: binding "db": env "my.url" can not be read by a shell',
    ]);
    expect(parseAnnotations(annotations).requests).toHaveLength(1);
  });
});

describe('the other settings', () => {
  it('are read together', () => {
    const request = only({
      [bind('db')]: 'request/pg/small',
      [key('mount.bind', 'db')]: '/etc/db/',
      [key('wait.bind', 'db')]: 'optional',
      [key('type.bind', 'db')]: 'postgresql',
      [key('provider.bind', 'db')]: 'acme',
      [key('restart.bind', 'db')]: 'on-change',
      [key('params.bind', 'db')]: '{"size": 1}',
      [key('containers.bind', 'db')]: 'app,!init:*',
    });
    expect(request).toMatchObject({
      mount: { kind: 'path', path: '/etc/db/' },
      wait: 'optional',
      overridesType: true,
      overridesProvider: true,
      restartOnChange: true,
      parameters: '{"size": 1}',
      containers: {
        include: [{ class: undefined, name: 'app' }],
        exclude: [{ class: 'init', name: '*' }],
      },
    });
  });

  it.each([
    ['mount.bind', 'relative', 'error', 'mount "relative"'],
    ['mount.bind', '/a/../b', 'error', 'mount "/a/../b"'],
    ['containers.bind', 'app,foo:bar', 'error', 'containers "foo:bar"'],
    ['containers.bind', '!', 'error', 'containers "!"'],
    ['wait.bind', 'forever', 'warning', 'wait "forever"'],
    ['restart.bind', 'always', 'warning', 'restart "always"'],
    ['type.bind', '', 'warning', 'type is empty'],
    ['params.bind', '{}', 'warning', 'params has no effect with binding'],
  ])('%s: %j gives an %s', (family, value, severity, text) => {
    const [problem] = parseAnnotations({ [bind('db')]: '', [key(family, 'db')]: value }).problems;
    expect(problem).toMatchObject({ severity, key: key(family, 'db') });
    expect(problem!.message).toContain(text);
  });

  it('(52) optional without a type is warned about', () => {
    expect(problemsOf({ [bind('db')]: '', [key('wait.bind', 'db')]: 'optional' })).toEqual([
      expect.stringContaining('warning: binding "db": wait=optional without type'),
    ]);
  });

  it.each(['deny', 'skip', 'keep-mine'])('conflict policy %s', (policy) => {
    expect(parseAnnotations({ 'conflict.servicecatalog.k8s.io/policy': policy }).policy).toBe(policy);
  });

  it('an unknown conflict policy is warned about; deny is used', () => {
    const parsed = parseAnnotations({ 'conflict.servicecatalog.k8s.io/policy': 'maybe' });
    expect(parsed.policy).toBe('deny');
    expect(parsed.problems).toEqual([expect.objectContaining({ severity: 'warning' })]);
  });
});

describe('(62) params', () => {
  const parse = (value: string): readonly string[] =>
    problemsOf({ [bind('db')]: 'instance/i', [key('params.bind', 'db')]: value });

  it.each([
    ['[1]', 'neither a JSON object'],
    ['{', 'neither a JSON object'],
    ['secret:x', 'not secret:<name>/<key>'],
    [JSON.stringify({ a: 'x'.repeat(65_600) }), 'larger than 64 KiB'],
  ])('%.20s is refused', (value, text) => {
    expect(parse(value)).toEqual([expect.stringContaining(text)]);
  });

  it('a password is warned about without being repeated', () => {
    const [message, ...more] = parse('{"db": {"adminPassword": "hunter2"}}');
    expect(more).toEqual([]);
    expect(message).toMatch(/^warning: binding "db": params looks like it holds a secret/);
    expect(message).not.toMatch(/hunter2|admin/);
  });

  it('a reference to a Secret is fine', () => {
    expect(parse('secret:my-params/json')).toEqual([]);
  });
});

describe('(19) keys that have no effect', () => {
  it.each([
    [{ [key('env.bind', 'typo')]: 'A=b' }, 'env of binding "typo" has no effect'],
    [{ [bind('orders')]: '', [key('env.bind', 'order')]: 'A=b' }, 'did you mean "orders"?'],
    [{ [key('envs.bind', 'db')]: 'A=b' }, 'did you mean env.bind.servicecatalog.k8s.io/db?'],
    [{ [key('bnd', 'db')]: '' }, 'did you mean bind.servicecatalog.k8s.io/db?'],
    [
      { 'conflict.servicecatalog.k8s.io/polcy': 'deny' },
      'did you mean conflict.servicecatalog.k8s.io/policy?',
    ],
    [{ 'completely.different.servicecatalog.k8s.io/x': '' }, 'is unknown'],
  ])('%j', (annotations, text) => {
    expect(problemsOf(annotations)).toEqual([expect.stringContaining(text)]);
    const hasMeaning = text.includes('has no effect') || text.includes('"orders"');
    expect(parseAnnotations(annotations).problems[0]!.severity).toBe(hasMeaning ? 'warning' : 'mistake');
  });

  it.each([
    'status.servicecatalog.k8s.io/injected',
    'status.servicecatalog.k8s.io/lifted',
    'hash.servicecatalog.k8s.io/db',
    'inject.servicecatalog.k8s.io',
    'example.com/bind',
  ])('%s is nobody’s mistake', (known) => {
    expect(problemsOf({ [known]: 'x' })).toEqual([]);
  });
});

it('every message has at most 120 characters', () => {
  const long = 'x'.repeat(300);
  const { problems } = parseAnnotations({
    [bind(long)]: 'secret/s',
    [bind('a')]: long,
    [bind('b')]: '',
    [key('env.bind', 'b')]: long,
    [key('mount.bind', long)]: long,
    [`${long}.servicecatalog.k8s.io/x`]: '',
  });
  expect(problems.length).toBeGreaterThanOrEqual(4);
  for (const { message } of problems) expect(message.length).toBeLessThanOrEqual(120);
});

it('requests come in the order of their names', () => {
  const { requests } = parseAnnotations({ [bind('b')]: '', [bind('a')]: '', [bind('c')]: '' });
  expect(requests.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
});

it('(17) no annotations at all', () => {
  for (const none of [null, undefined, {}]) {
    expect(parseAnnotations(none)).toEqual({ requests: [], problems: [], policy: 'deny' });
    expect(asksForBindings(none)).toBe(false);
  }
  expect(asksForBindings({ [bind('db')]: '' })).toBe(true);
  expect(asksForBindings({ [key('env.bind', 'db')]: '' })).toBe(false);
});
