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
import { markSecret, plantSecret, secretsIn } from '../../support/secrecy/secret-markers.ts';
import { selfSigned, TestAuthority } from '../../support/test-broker/certificates.ts';
import { TestBroker } from '../../support/test-broker/test-broker.ts';
import { TokenServer } from '../../support/test-broker/token-server.ts';

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

/** The program itself, in a process of its own. Nothing that it prints holds a marked secret. */
async function bindery(args: readonly string[], environment: Record<string, string> = {}): Promise<Run> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 30_000,
  });
  const closed = once(child, 'close') as Promise<[number | null]>;
  const [stdout, stderr, [code]] = await Promise.all([textOf(child.stdout), textOf(child.stderr), closed]);
  expect(secretsIn(stdout + stderr)).toEqual([]);
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

/** Runs it against the broker with the right credentials. */
async function probe(broker: TestBroker, args: readonly string[] = []): Promise<Run> {
  const passwordFile = await saved(`${passwordOf(broker)}\n`);
  const login = ['--allow-loopback-brokers', '--username', 'broker', '--password-file', passwordFile];
  return bindery(['test-broker', broker.url, ...login, ...args]);
}

function stepIn({ stdout }: Run, name: string) {
  return (JSON.parse(stdout) as BrokerReport).steps.find(({ step }) => step === name);
}

describe('bindery test-broker', () => {
  it('calls a good broker good, with every step and the counts', async () => {
    await using broker = await TestBroker.start();
    const run = await probe(broker, ['-o', 'json']);
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
      next:
        `register it: a ClusterServiceBroker or ServiceBroker with spec.url ${broker.url}, ` +
        'spec.authInfo.basic naming a Secret with the keys username and password, ' +
        'and a controller that runs with --allow-loopback-brokers',
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
      [
        'test-broker',
        broker.url,
        '--allow-loopback-brokers',
        '-o',
        'json',
        '--username',
        'x',
        '--password-env',
        'PASS',
      ],
      { PASS: plantSecret() },
    );
    expect(run.code).toBe(2);
    expect(stepIn(run, 'login')).toMatchObject({ result: 'failed', reason: 'Unauthorized' });
    expect(stepIn(run, 'http')).toEqual({ step: 'http', result: 'ok' });
    expect(stepIn(run, 'catalog')).toEqual({ step: 'catalog', result: 'not-reached' });
  });

  it('names the items of the catalog that would be left out, with their places, in 80 columns', async () => {
    const [database, cache] = sampleCatalog().services;
    const bad = { ...cache!, bindable: 'yes' as unknown as boolean };
    await using broker = await TestBroker.start({ catalog: { services: [database!, bad] } });
    const json = await probe(broker, ['-o', 'json']);
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
    const login = ['--token-file', token, '--allow-loopback-brokers', '-o', 'json'];
    const withToken = await bindery(['test-broker', broker.url, ...login]);
    expect(withToken.code).toBe(3);
    expect(stepIn(withToken, 'login')).toMatchObject({ result: 'warning' });
    expect(broker.requests[0]?.headers['authorization']).toBe('Bearer some-token');
    const without = await bindery(['test-broker', broker.url, '--allow-loopback-brokers', '-o', 'json']);
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
    const run = await probe(broker, ['-o', 'json', '--broker-timeout', '2s']);
    expect(run.code).toBe(2);
    expect(stepIn(run, step)).toMatchObject({ result: 'failed', reason });
  });

  it('names subject and issuer of an untrusted certificate, and trusts it with its authority', async () => {
    const authority = await TestAuthority.create('Company CA');
    const tls = await authority.issue({ commonName: 'broker', names: ['127.0.0.1'] });
    await using broker = await TestBroker.start({ tls });
    const refused = await probe(broker, ['-o', 'json']);
    expect(refused.code).toBe(2);
    expect(stepIn(refused, 'tls')).toMatchObject({
      result: 'failed',
      reason: 'TLSUntrusted',
      message: expect.stringContaining('subject CN=broker; issuer CN=Company CA') as unknown,
    });
    expect(stepIn(refused, 'connection')).toEqual({ step: 'connection', result: 'ok' });
    const trusted = await probe(broker, ['-o', 'json', '--ca-file', await saved(authority.certificate)]);
    expect(trusted.code).toBe(0);
    expect(stepIn(trusted, 'tls')).toEqual({ step: 'tls', result: 'ok' });
    const unchecked = await probe(broker, ['-o', 'json', '--insecure-skip-tls-verify']);
    expect(stepIn(unchecked, 'tls')).toMatchObject({ message: 'the certificate was not checked' });
  });

  describe('with OAuth2 client credentials', () => {
    const token = plantSecret();
    const clientSecret = plantSecret();
    const auth = { kind: 'bearer', token } as const;
    const ask = async (broker: TestBroker, tokens: TokenServer, args: readonly string[]): Promise<Run> => {
      const login = ['--oauth2-token-url', tokens.url, '--oauth2-client-id', 'platform'];
      const rest = ['--oauth2-scopes', 'osb.read osb.write', '--allow-loopback-brokers', ...args];
      return bindery(['test-broker', broker.url, ...login, ...rest], { CLIENT_SECRET: clientSecret });
    };

    it('fetches a token for the scopes and logs in with it', async () => {
      await using tokens = await TokenServer.start(token);
      await using broker = await TestBroker.start({ auth });
      const secretFile = await saved(`${clientSecret}\n`);
      const args = ['-o', 'json', '--oauth2-client-secret-file', secretFile];
      const run = await ask(broker, tokens, args);
      expect(run).toMatchObject({ code: 0, stderr: '' });
      const { steps } = JSON.parse(run.stdout) as BrokerReport;
      expect(steps.map(({ step }) => step)).toEqual([
        'token',
        'address',
        'connection',
        'tls',
        'http',
        'login',
        'version',
        'catalog',
      ]);
      expect(stepIn(run, 'token')).toEqual({ step: 'token', result: 'ok' });
      const basic = Buffer.from(`platform:${clientSecret}`).toString('base64');
      expect(tokens.requests).toEqual([
        {
          authorization: `Basic ${basic}`,
          form: { grant_type: 'client_credentials', scope: 'osb.read osb.write' },
        },
      ]);
      expect(broker.requests.map(({ status }) => status)).toEqual([200, 401]);
    });

    it('says that the token endpoint refuses, and that the broker was not asked', async () => {
      await using tokens = await TokenServer.start(token);
      tokens.answer = {
        status: 401,
        body: JSON.stringify({ error: 'invalid_client', secret: clientSecret }),
      };
      await using broker = await TestBroker.start({ auth });
      const run = await ask(broker, tokens, ['--oauth2-client-secret-env', 'CLIENT_SECRET']);
      expect(run.code).toBe(2);
      expect(run.stdout).toMatch(
        /^token {7}FAILED {4}TokenFailure: the token endpoint gave no access token/m,
      );
      expect(run.stdout).toMatch(/^address {5}-$/m);
      expect(run.stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
      expect(broker.requests).toEqual([]);
    });

    it('says that the broker refuses the token', async () => {
      await using tokens = await TokenServer.start();
      await using broker = await TestBroker.start({ auth });
      const run = await ask(broker, tokens, ['--oauth2-client-secret-env', 'CLIENT_SECRET', '-o', 'json']);
      expect(run.code).toBe(2);
      expect(stepIn(run, 'token')).toMatchObject({ result: 'ok' });
      expect(stepIn(run, 'login')).toMatchObject({ result: 'failed', reason: 'Unauthorized' });
    });
  });

  describe('with a client certificate', () => {
    let authority: TestAuthority;
    let files: Readonly<Record<'ca' | 'certificate' | 'key' | 'otherCertificate' | 'otherKey', string>>;
    let key: string;
    beforeAll(async () => {
      authority = await TestAuthority.create('Company CA');
      const own = await authority.issue({ commonName: 'platform' });
      const other = await selfSigned({ commonName: 'stranger' });
      key = own.key;
      for (const line of `${own.key}${other.key}`.match(/^[\w+/]{64}$/gm) ?? []) markSecret(line);
      files = {
        ca: await saved(authority.certificate),
        certificate: await saved(own.certificate),
        key: await saved(own.key),
        otherCertificate: await saved(other.certificate),
        otherKey: await saved(other.key),
      };
    });

    /** A broker that wants to see a certificate of the authority, and nothing else. */
    async function mutual(): Promise<TestBroker> {
      const serving = await authority.issue({ commonName: 'broker', names: ['127.0.0.1'] });
      return TestBroker.start({
        auth: { kind: 'none' },
        tls: { ...serving, clientCa: authority.certificate },
      });
    }

    async function ask(
      broker: TestBroker,
      args: readonly string[],
      environment: Record<string, string> = {},
    ): Promise<Run> {
      const trust = ['--allow-loopback-brokers', '-o', 'json', '--ca-file', files.ca];
      return bindery(['test-broker', broker.url, ...trust, ...args], environment);
    }

    it('shows it, with the key from a file or the environment', async () => {
      await using broker = await mutual();
      const shown = ['--client-certificate-file', files.certificate];
      const fromFile = await ask(broker, [...shown, '--client-key-file', files.key]);
      expect(fromFile).toMatchObject({ code: 0, stderr: '' });
      expect(stepIn(fromFile, 'login')).toEqual({
        step: 'login',
        result: 'ok',
        message: 'by the client certificate',
      });
      const fromEnvironment = await ask(broker, [...shown, '--client-key-env', 'KEY'], { KEY: key });
      expect(fromEnvironment.code).toBe(0);
    });

    it('warns of a broker that takes anyone, also without the certificate', async () => {
      const serving = await authority.issue({ commonName: 'broker', names: ['127.0.0.1'] });
      await using broker = await TestBroker.start({ auth: { kind: 'none' }, tls: serving });
      const shown = ['--client-certificate-file', files.certificate, '--client-key-file', files.key];
      const run = await ask(broker, shown);
      expect(run.code).toBe(3);
      expect(stepIn(run, 'login')).toMatchObject({ result: 'warning' });
    });

    it.each([
      ['none is shown', [], 'if it asks for a client certificate: --client-certificate-file'],
      [
        'it is of another authority',
        ['otherCertificate', 'otherKey'],
        'check which authority it wants the client certificate to be from',
      ],
    ] as const)(
      'fails with the reason of the condition when %s, and says what to do',
      async (_, names, hint) => {
        await using broker = await mutual();
        const [certificate, keyName] = names;
        const shown =
          certificate === undefined || keyName === undefined
            ? []
            : ['--client-certificate-file', files[certificate], '--client-key-file', files[keyName]];
        const run = await ask(broker, shown);
        expect(run.code).toBe(2);
        expect(JSON.parse(run.stdout)).toMatchObject({ verdict: 'unusable', next: hint });
        expect(stepIn(run, 'http')).toMatchObject({ result: 'failed', reason: 'ConnectionReset' });
        expect(broker.requests).toEqual([]);
      },
    );

    it('does not begin with a key of another certificate', async () => {
      const shown = ['--client-certificate-file', files.certificate, '--client-key-file', files.otherKey];
      const run = await bindery(['test-broker', 'https://127.0.0.1:9', ...shown]);
      expect(run).toMatchObject({ code: 1, stdout: '' });
      expect(run.stderr).toContain('the client key is no PEM key, or not that of');
    });
  });

  it('sees that nothing listens, and shows it in aligned columns', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    const run = await bindery(['test-broker', `http://127.0.0.1:${port}`, '--allow-loopback-brokers']);
    expect(run.code).toBe(2);
    expect(run.stdout).toMatch(/^address {5}ok\nconnection {2}FAILED {4}ConnectionRefused: the broker at/m);
    expect(run.stdout).toMatch(/\nnot usable\nnext: check host and port, and that the broker is running\n$/);
  });

  it('refuses loopback as the controller does, unless told otherwise', async () => {
    const run = await bindery(['test-broker', 'http://127.0.0.1:9', '-o', 'json']);
    expect(stepIn(run, 'address')).toMatchObject({ result: 'failed', reason: 'AddressRefused' });
  });

  it.each([
    ['no URL', ['nonsense'], 'absolute http or https URL'],
    ['a password in the URL', ['http://u:hidden-word@127.0.0.1:9'], 'do not belong into the URL'],
    [
      'a user without a password',
      ['http://127.0.0.1:9', '--username', 'x'],
      'exactly one of --password-file and --password-env',
    ],
    [
      'two logins',
      ['http://127.0.0.1:9', '--username', 'x', '--oauth2-client-id', 'y'],
      'a broker has one login',
    ],
    ['OAuth2 without an endpoint', ['http://127.0.0.1:9', '--oauth2-client-id', 'y'], '--oauth2-token-url'],
    [
      'a key without a certificate',
      ['https://127.0.0.1:9', '--client-key-env', 'K'],
      '--client-certificate-file',
    ],
    ['an unknown format', ['http://127.0.0.1:9', '-o', 'yaml'], 'Allowed choices are text, json'],
    ['a file that is not there', ['http://127.0.0.1:9', '--token-file', '/none'], '--token-file /none'],
    ['authorities that are none', ['http://127.0.0.1:9', '--ca-file', main], 'holds no PEM certificate'],
    ['no duration', ['http://127.0.0.1:9', '--broker-timeout', 'soon'], '--broker-timeout is "soon"'],
  ])('does not begin with %s', async (_name, args, message) => {
    const run = await bindery(['test-broker', ...args]);
    expect(run).toMatchObject({ code: 1, stdout: '' });
    expect(run.stderr).toContain(message);
    expect(run.stderr).not.toContain('hidden-word');
  });
});
