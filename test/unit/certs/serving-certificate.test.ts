import { type LogFields, type Logger } from '../../../src/base/logger.ts';
import { createAuthority, type KeySource } from '../../../src/certs/authority.ts';
import type { CertificatePair } from '../../../src/certs/certificate-types.ts';
import { writeAuthorityState } from '../../../src/certs/authority-data.ts';
import { CaBundle } from '../../../src/certs/ca-bundle.ts';
import { caSecretName } from '../../../src/certs/ca-note.ts';
import { CaSecret } from '../../../src/certs/ca-secret.ts';
import { isIssuedBy } from '../../../src/certs/certificate-facts.ts';
import { defaultRotation } from '../../../src/certs/rotation.ts';
import { ServingCertificate } from '../../../src/certs/serving-certificate.ts';
import {
  mutatingWebhookConfigurations,
  validatingWebhookConfigurations,
} from '../../../src/kube/resources.ts';
import { waitFor } from '../../support/wait-for.ts';
import { keyPool } from './key-pool.ts';
import { MemoryApi } from './memory-api.ts';

const dayMs = 24 * 3600 * 1000;
const names = { dnsNames: ['bindery-webhook.bindery.svc'], ipAddresses: ['127.0.0.1'] };
const configurations = [
  { resource: mutatingWebhookConfigurations, name: 'bindery' },
  { resource: validatingWebhookConfigurations, name: 'bindery' },
];

class TestClock {
  nowMs = Date.now();
  now(): number {
    return this.nowMs;
  }
}

// Two pools, so that an authority never has the keys of the one before it by chance.
let authorityKeys: KeySource;
let leafKeys: KeySource;
beforeAll(async () => {
  [authorityKeys, leafKeys] = await Promise.all([keyPool(8), keyPool(2)]);
});

let api: MemoryApi;
let clock: TestClock;
let stop: AbortController;
/** Ends the controller's part alone. */
let publisher: AbortController;
let running: Promise<void>[];

beforeEach(() => {
  api = new MemoryApi();
  api.add('Secret', { metadata: { name: caSecretName, namespace: 'bindery' } });
  clock = new TestClock();
  stop = new AbortController();
  publisher = new AbortController();
  running = [];
  for (const kind of ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration']) {
    const entry = (name: string): unknown => ({ name, clientConfig: { service: { name: 'w' } }, extra: 1 });
    api.add(kind, { metadata: { name: 'bindery' }, webhooks: [entry('a.example'), entry('b.example')] });
  }
});

afterEach(async () => {
  stop.abort();
  publisher.abort();
  await Promise.all(running);
});

interface Replica {
  readonly serving: ServingCertificate;
  readonly bundle: CaBundle;
  readonly lines: readonly string[];
  /** Messages at level warn. */
  readonly warnings: readonly string[];
}

/** The certificates of one process with both roles. */
function replica({ pollMs = 20, publishes = true } = {}): Replica {
  const lines: string[] = [];
  const log = (fields: LogFields, message: string): number =>
    lines.push(JSON.stringify({ ...fields, message }));
  const warnings: string[] = [];
  const warn = (fields: LogFields, message: string): void => {
    warnings.push(message);
    log(fields, message);
  };
  const logger: Logger = { debug: log, info: log, warn, error: log };
  const authority = new CaSecret({
    client: api.client,
    namespace: 'bindery',
    name: caSecretName,
    clock,
    logger,
    times: defaultRotation,
    keySource: authorityKeys,
  });
  const serving = new ServingCertificate({
    authority,
    names,
    times: defaultRotation,
    clock,
    logger,
    pollMs,
    keySource: leafKeys,
  });
  const bundle = new CaBundle({
    client: api.client,
    configurations,
    secret: { namespace: 'bindery', name: caSecretName },
    clock,
    logger,
    pollMs,
  });
  running.push(serving.start(stop.signal));
  if (publishes) running.push(bundle.start(publisher.signal));
  return { serving, bundle, lines, warnings };
}

function bundlesInConfigurations(): readonly string[] {
  return ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'].flatMap((kind) =>
    (api.find(kind, 'bindery')!['webhooks'] as { clientConfig: { caBundle?: string } }[]).map(
      ({ clientConfig }) => Buffer.from(clientConfig.caBundle ?? '', 'base64').toString(),
    ),
  );
}

function isEverywhere({ serving }: Replica): boolean {
  return serving.bundle !== '' && bundlesInConfigurations().every((text) => text === serving.bundle);
}

it('two replicas serve certificates of their own, signed by one authority that is in every entry', async () => {
  const [one, two] = [replica(), replica()];
  await Promise.all([one.serving.ready, two.serving.ready]);
  await waitFor(() => isEverywhere(one) && isEverywhere(two));
  expect(one.serving.bundle).toBe(two.serving.bundle);
  expect(one.serving.current.cert).not.toBe(two.serving.current.cert);
  for (const { serving } of [one, two]) {
    expect(isIssuedBy(serving.current.cert, serving.bundle)).toBe(true);
    expect(serving.isValid()).toBe(true);
  }
  const webhooks = api.find('MutatingWebhookConfiguration', 'bindery')!['webhooks'];
  expect(webhooks).toMatchObject([
    { name: 'a.example', extra: 1 },
    { name: 'b.example', extra: 1 },
  ]);
});

it('nothing is written when nothing differs', async () => {
  const one = replica();
  await waitFor(() => one.serving.isTrusted() && isEverywhere(one));
  const writes = api.writes.length;
  const two = replica();
  await waitFor(() => two.serving.isTrusted() && two.bundle.isPublished(two.serving.bundle));
  expect(api.writes).toHaveLength(writes);
});

it('a bundle that somebody resets comes back, and only the entries that were reset are written', async () => {
  const one = replica();
  await waitFor(() => isEverywhere(one));
  api.change('MutatingWebhookConfiguration', 'bindery', (object) => {
    const webhooks = structuredClone(object['webhooks']) as { clientConfig: { caBundle?: string } }[];
    delete webhooks[1]!.clientConfig.caBundle;
    return { ...object, webhooks };
  });
  expect(isEverywhere(one)).toBe(false);
  await waitFor(() => isEverywhere(one));
});

it('a configuration that is made later gets its bundle, and is not waited for', async () => {
  const configuration = api.find('MutatingWebhookConfiguration', 'bindery')!;
  api.remove('MutatingWebhookConfiguration', 'bindery');
  const one = replica();
  await one.serving.ready;
  await waitFor(() => bundleOf('ValidatingWebhookConfiguration') === one.serving.bundle);
  await waitFor(() => one.bundle.isPublished(one.serving.bundle));
  api.add('MutatingWebhookConfiguration', configuration);
  await waitFor(() => isEverywhere(one));
  expect(one.bundle.isPublished(one.serving.bundle)).toBe(true);
});

it('a configuration that somebody removes is missed aloud', async () => {
  const one = replica();
  await waitFor(() => isEverywhere(one));
  api.remove('MutatingWebhookConfiguration', 'bindery');
  await waitFor(() => one.warnings.length > 0);
  expect(one.warnings).toEqual([expect.stringContaining('the webhook configuration is gone')]);
});

it('before it was looked for, a configuration is not taken for published', () => {
  const { bundle } = replica();
  expect(bundle.isPublished('')).toBe(false);
});

it('in a quarrel with somebody who keeps changing it, writes become rare and the log says so', async () => {
  const one = replica();
  await waitFor(() => isEverywhere(one));
  const stopSpoiling = api.onChange(({ kind }) => {
    if (kind !== 'MutatingWebhookConfiguration') return;
    const entries = api.find(kind, 'bindery')!['webhooks'] as { clientConfig: { caBundle?: string } }[];
    if (entries[0]!.clientConfig.caBundle === 'c3BvaWxlZA==') return;
    api.change(kind, 'bindery', (object) => {
      const webhooks = structuredClone(object['webhooks']) as { clientConfig: { caBundle?: string } }[];
      webhooks[0]!.clientConfig.caBundle = 'c3BvaWxlZA==';
      return { ...object, webhooks };
    });
  });
  api.change('MutatingWebhookConfiguration', 'bindery', (object) => ({ ...object, touched: true }));
  await waitFor(() => one.lines.some((line) => line.includes('keeps changing caBundle')));
  const writes = api.writes.length;
  expect(writes).toBeLessThan(12);
  // It goes on all the same, and wins when the other side stops.
  await waitFor(() => api.writes.length > writes);
  stopSpoiling();
  await waitFor(() => isEverywhere(one));
});

function bundleOf(kind: string): string {
  const [entry] = api.find(kind, 'bindery')!['webhooks'] as { clientConfig: { caBundle?: string } }[];
  return Buffer.from(entry!.clientConfig.caBundle ?? '', 'base64').toString();
}

it('a certificate is renewed after two thirds of its life, and whoever serves with it hears of it', async () => {
  const { serving } = replica();
  await serving.ready;
  const seen: CertificatePair[] = [];
  serving.subscribe((pair) => seen.push(pair));
  const before = serving.current;
  clock.nowMs += 5 * dayMs;
  await waitFor(() => serving.current.cert !== before.cert);
  expect(seen).toEqual([serving.current]);
  expect(serving.bundle).toContain('BEGIN CERTIFICATE');
});

it('(66) a clock that jumps forty days: certificate and authority are valid again', async () => {
  const { serving } = replica();
  await serving.ready;
  clock.nowMs += 40 * dayMs;
  expect(serving.isValid()).toBe(false);
  await waitFor(() => serving.isValid());
});

it('a rotation of the authority reaches the entries first and the certificates later, with both in the bundle', async () => {
  const [one, two] = [replica(), replica()];
  await waitFor(() => isEverywhere(one) && isEverywhere(two));
  const old = one.serving.bundle;

  clock.nowMs += 245 * dayMs;
  await waitFor(() => isEverywhere(one) && isEverywhere(two) && one.serving.bundle !== old);
  expect(one.serving.bundle.startsWith(old)).toBe(true);
  await waitFor(() => one.serving.isValid() && two.serving.isValid());
  for (const { serving } of [one, two]) expect(isIssuedBy(serving.current.cert, old)).toBe(true);

  clock.nowMs += defaultRotation.settleMs;
  await waitFor(
    () => !isIssuedBy(one.serving.current.cert, old) && !isIssuedBy(two.serving.current.cert, old),
  );
  await waitFor(() => isEverywhere(one) && isEverywhere(two));
  expect(one.serving.bundle).toContain(old.trim());

  clock.nowMs += defaultRotation.leafMs;
  await waitFor(() => isEverywhere(one) && isEverywhere(two) && !one.serving.bundle.includes(old.trim()));
});

it('while the API server is away, a certificate is renewed from what is known', async () => {
  const { serving } = replica();
  await serving.ready;
  const before = serving.current.cert;
  api.failure = new Error('away');
  clock.nowMs += 6 * dayMs;
  await waitFor(() => serving.current.cert !== before);
  expect(isIssuedBy(serving.current.cert, serving.bundle)).toBe(true);
});

it('a certificate is trusted once it is noted that its authority was published, and while no controller runs', async () => {
  const one = replica({ publishes: false });
  await one.serving.ready;
  expect(one.serving.isTrusted()).toBe(false);
  const two = replica();
  await waitFor(() => one.serving.isTrusted() && two.serving.isTrusted());
  publisher.abort();
  // A new authority is made, which nobody can publish: what is served stays what the API server knows.
  clock.nowMs += 245 * dayMs;
  await waitFor(() => one.serving.bundle.match(/BEGIN/g)?.length === 2);
  clock.nowMs += 20 * dayMs;
  await waitFor(() => one.serving.isValid() && two.serving.isValid());
  for (const { serving } of [one, two]) {
    expect(serving.isTrusted()).toBe(true);
    expect(isIssuedBy(serving.current.cert, bundleOf('MutatingWebhookConfiguration'))).toBe(true);
  }
});

it('what was published by a controller that ended before it noted it is noted by the next one, and not written again', async () => {
  const one = replica();
  await waitFor(() => one.serving.isTrusted() && isEverywhere(one));
  publisher.abort();
  await Promise.all(running.slice(1));
  api.change('Secret', `bindery/${caSecretName}`, (secret) => {
    const { published: _, 'published-since': _since, ...data } = secret['data'] as Record<string, string>;
    return { ...secret, data };
  });
  await waitFor(() => !one.serving.isTrusted());
  const writes = api.writes.length;
  publisher = new AbortController();
  replica();
  await waitFor(() => one.serving.isTrusted());
  expect(api.writes.slice(writes)).toEqual([`patch Secret/bindery/${caSecretName}`]);
});

it('an authority that somebody puts into the Secret signs what is served once it is published', async () => {
  const one = replica();
  await waitFor(() => one.serving.isTrusted() && isEverywhere(one));
  publisher.abort();
  const before = one.serving.current.cert;
  const own = await createAuthority({
    notBeforeMs: clock.nowMs - 1000,
    notAfterMs: clock.nowMs + 300 * dayMs,
  });
  api.change('Secret', `bindery/${caSecretName}`, (secret) => ({
    ...secret,
    data: { ...(secret['data'] as object), ...writeAuthorityState({ current: own }) },
  }));
  await waitFor(() => one.serving.bundle === own.cert);
  expect(one.serving.current.cert).toBe(before);
  expect(one.serving.isTrusted()).toBe(true);
  publisher = new AbortController();
  const two = replica();
  await waitFor(() => isEverywhere(two) && isIssuedBy(one.serving.current.cert, own.cert));
  expect(one.serving.isTrusted()).toBe(true);
});

it('an authority that can not be read is a warning once, however long that lasts', async () => {
  const { serving, warnings, lines } = replica();
  await serving.ready;
  const failed = () => lines.filter((line) => line.includes('can not be read')).length;
  api.failure = new Error('away');
  await waitFor(() => failed() > 2);
  expect(warnings.filter((message) => message.includes('can not be read'))).toHaveLength(1);
});

it('before the first certificate there is none', () => {
  api.failure = new Error('away');
  const { serving } = replica();
  expect(() => serving.current).toThrow('there is no serving certificate yet');
  expect(serving.isValid()).toBe(false);
});

it('(47) keys are not logged', async () => {
  const one = replica();
  await waitFor(() => isEverywhere(one));
  expect(one.lines.length).toBeGreaterThan(0);
  expect(one.lines.join('\n')).not.toMatch(/PRIVATE KEY|BEGIN/);
});
