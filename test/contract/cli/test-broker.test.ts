import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { jest } from '@jest/globals';
import type { BrokerReport } from '../../../src/cli/probe-broker.ts';
import { sampleCatalog } from '../../support/test-broker/sample-catalog.ts';
import { TestAuthority } from '../../support/test-broker/certificates.ts';
import { TestBroker } from '../../support/test-broker/test-broker.ts';

jest.setTimeout(60_000);

const main = join(import.meta.dirname, '../../../src/main.ts');

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bindery-test-broker-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The program itself, in a process of its own. */
async function bindery(args: readonly string[], environment: Record<string, string> = {}): Promise<Run> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 30_000,
  });
  const closed = once(child, 'close') as Promise<[number | null]>;
  const [stdout, stderr, [code]] = await Promise.all([textOf(child.stdout), textOf(child.stderr), closed]);
  return { code, stdout, stderr };
}

async function saved(content: string): Promise<string> {
  const file = join(directory, randomUUID());
  await writeFile(file, content);
  return file;
}

function passwordOf({ auth }: TestBroker): string {
  if (auth.kind !== 'basic') throw new Error('only for brokers with basic authentication');
  return auth.password;
}

/** Runs it against the broker with the right credentials; nothing that is printed holds the password. */
async function probe(broker: TestBroker, args: readonly string[] = []): Promise<Run> {
  const passwordFile = await saved(`${passwordOf(broker)}\n`);
  const login = ['--allow-loopback', '--username', 'broker', '--password-file', passwordFile];
  const run = await bindery(['test-broker', broker.url, ...login, ...args]);
  expect(broker.secretsIn(run.stdout + run.stderr)).toEqual([]);
  return run;
}

function stepIn({ stdout }: Run, name: string) {
  return (JSON.parse(stdout) as BrokerReport).steps.find(({ step }) => step === name);
}

describe('bindery test-broker', () => {
  it('calls a good broker good, with every step and the counts', async () => {
    await using broker = await TestBroker.start();
    const run = await probe(broker, ['--json']);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(run.stdout)).toEqual({
      url: broker.url,
      apiVersion: '2.17',
      verdict: 'good',
      steps: [
        { step: 'address', result: 'ok' },
        { step: 'connection', result: 'ok' },
        { step: 'tls', result: 'not-used', message: expect.stringContaining('clear text') as unknown },
        { step: 'http', result: 'ok' },
        { step: 'login', result: 'ok' },
        { step: 'version', result: 'ok' },
        { step: 'catalog', result: 'ok' },
      ],
      counts: { services: 2, plans: 4 },
      problems: [],
    });
    // The second request is the one without credentials, to see that it is refused.
    expect(broker.requests.map(({ operation, status }) => [operation, status])).toEqual([
      ['catalog', 200],
      ['catalog', 401],
    ]);
  });

  it('says when the password is wrong', async () => {
    await using broker = await TestBroker.start();
    const run = await bindery(
      ['test-broker', broker.url, '--allow-loopback', '--json', '--username', 'x', '--password-env', 'PASS'],
      { PASS: 'not-the-right-one' },
    );
    expect(run.code).toBe(2);
    expect(stepIn(run, 'login')).toMatchObject({ result: 'failed', reason: 'Unauthorized' });
    expect(stepIn(run, 'http')).toEqual({ step: 'http', result: 'ok' });
    expect(stepIn(run, 'catalog')).toEqual({ step: 'catalog', result: 'not-reached' });
    expect(run.stdout).not.toContain('not-the-right-one');
  });

  it('names the items of the catalog that would be left out, with their places, in 80 columns', async () => {
    const [database, cache] = sampleCatalog().services;
    const bad = { ...cache!, bindable: 'yes' as unknown as boolean };
    await using broker = await TestBroker.start({ catalog: { services: [database!, bad] } });
    const json = await probe(broker, ['--json']);
    expect(json.code).toBe(3);
    expect(JSON.parse(json.stdout)).toMatchObject({
      verdict: 'problems',
      counts: { services: 1, plans: 3 },
      problems: [{ path: 'services[1].bindable', name: 'cache', message: 'is neither true nor false' }],
    });
    const human = await probe(broker);
    expect(human.code).toBe(3);
    expect(human.stdout).toMatch(/^catalog {5}WARNING {3}1 problem$/m);
    expect(human.stdout).toContain('  services[1].bindable is neither true nor false (of "cache")');
    expect(human.stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it('warns of a catalog that is given to anyone', async () => {
    await using broker = await TestBroker.start({ auth: { kind: 'none' } });
    const token = await saved('some-token\n');
    const login = ['--token-file', token, '--allow-loopback', '--json'];
    const withToken = await bindery(['test-broker', broker.url, ...login]);
    expect(withToken.code).toBe(3);
    expect(stepIn(withToken, 'login')).toMatchObject({ result: 'warning' });
    expect(broker.requests[0]?.headers['authorization']).toBe('Bearer some-token');
    const without = await bindery(['test-broker', broker.url, '--allow-loopback', '--json']);
    expect(without.code).toBe(0);
    expect(stepIn(without, 'login')).toMatchObject({ result: 'ok', message: 'none asked for' });
  });

  it.each([
    [
      'HTML',
      { kind: 'answer', rawBody: '<html>', headers: { 'content-type': 'text/html' } } as const,
      'catalog',
      'MalformedResponse',
    ],
    ['a redirect', { kind: 'answer', status: 302, headers: { location: '/x' } } as const, 'http', 'Redirect'],
    ['a catalog without a list', { kind: 'answer', body: {} } as const, 'catalog', 'BadCatalog'],
    ['another version', { kind: 'answer', status: 412, body: {} } as const, 'version', 'UnsupportedVersion'],
    ['a reset', { kind: 'reset' } as const, 'http', 'ConnectionReset'],
    ['nothing', { kind: 'hang' } as const, 'http', 'Timeout'],
  ])('finds %s not usable', async (_name, behaviour, step, reason) => {
    await using broker = await TestBroker.start();
    broker.script({ operation: 'catalog' }, behaviour, 'always');
    const run = await probe(broker, ['--json', '--timeout', '2s']);
    expect(run.code).toBe(2);
    expect(stepIn(run, step)).toMatchObject({ result: 'failed', reason });
  });

  it('names subject and issuer of an untrusted certificate, and trusts it with its authority', async () => {
    const authority = await TestAuthority.create('Company CA');
    const tls = await authority.issue({ commonName: 'broker', names: ['127.0.0.1'] });
    await using broker = await TestBroker.start({ tls });
    const refused = await probe(broker, ['--json']);
    expect(refused.code).toBe(2);
    expect(stepIn(refused, 'tls')).toMatchObject({
      result: 'failed',
      reason: 'TLSUntrusted',
      message: expect.stringContaining('subject CN=broker; issuer CN=Company CA') as unknown,
    });
    expect(stepIn(refused, 'connection')).toEqual({ step: 'connection', result: 'ok' });
    const trusted = await probe(broker, ['--json', '--ca-file', await saved(authority.certificate)]);
    expect(trusted.code).toBe(0);
    expect(stepIn(trusted, 'tls')).toEqual({ step: 'tls', result: 'ok' });
    const unchecked = await probe(broker, ['--json', '--insecure-skip-tls-verify']);
    expect(stepIn(unchecked, 'tls')).toMatchObject({ message: 'the certificate was not checked' });
  });

  it('sees that nothing listens, and shows it in aligned columns', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    const run = await bindery(['test-broker', `http://127.0.0.1:${port}`, '--allow-loopback']);
    expect(run.code).toBe(2);
    expect(run.stdout).toMatch(/^address {5}ok\nconnection {2}FAILED {4}ConnectionRefused: the broker at/m);
    expect(run.stdout).toMatch(/\nnot usable\n$/);
  });

  it('refuses loopback as the controller does, unless told otherwise', async () => {
    const run = await bindery(['test-broker', 'http://127.0.0.1:9', '--json']);
    expect(stepIn(run, 'address')).toMatchObject({ result: 'failed', reason: 'AddressRefused' });
  });

  it.each([
    ['no URL', ['nonsense'], 'absolute http or https URL'],
    ['a password in the URL', ['http://u:hidden-word@127.0.0.1:9'], 'do not belong into the URL'],
    ['a user without a password', ['http://127.0.0.1:9', '--username', 'x'], '--username needs one of'],
    ['a file that is not there', ['http://127.0.0.1:9', '--token-file', '/none'], '--token-file /none'],
    ['no duration', ['http://127.0.0.1:9', '--timeout', 'soon'], '--timeout is "soon"'],
  ])('does not begin with %s', async (_name, args, message) => {
    const run = await bindery(['test-broker', ...args]);
    expect(run).toMatchObject({ code: 1, stdout: '' });
    expect(run.stderr).toContain(message);
    expect(run.stderr).not.toContain('hidden-word');
  });
});
