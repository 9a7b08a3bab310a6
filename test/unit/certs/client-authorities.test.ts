import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../../src/base/logger.ts';
import { ClientAuthorities } from '../../../src/certs/client-authorities.ts';
import { makeAuthority } from '../../cluster/certificates.ts';
import { waitFor } from '../../support/wait-for.ts';

let directory = '';
let file = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bindery-client-authorities-'));
  file = join(directory, 'ca.crt');
});
afterAll(() => rm(directory, { recursive: true, force: true }));

it.each([
  ['nothing', ''],
  ['a key', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'],
  ['what only looks like a certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'],
])('a file with %s lets nobody start', async (_what, text) => {
  await writeFile(file, text);
  await expect(ClientAuthorities.open({ file, logger: silentLogger })).rejects.toThrow();
});

it('a file is followed, and what can not be used changes nothing', async () => {
  const [first, second] = await Promise.all([makeAuthority('first'), makeAuthority('second')]);
  await writeFile(file, `# of the API server\n${first.certificatePem}`);
  const warnings: string[] = [];
  const logger = { ...silentLogger, warn: (_fields: unknown, message: string) => warnings.push(message) };
  const authorities = await ClientAuthorities.open({ file, logger, pollMs: 5 });
  let changes = 0;
  authorities.subscribe(() => changes++);
  const ending = new AbortController();
  const following = authorities.start(ending.signal);
  await writeFile(file, '');
  await waitFor(() => warnings.length > 0);
  expect([changes, authorities.current]).toEqual([0, expect.stringContaining('BEGIN CERTIFICATE')]);
  await writeFile(file, first.certificatePem + second.certificatePem);
  await waitFor(() => changes > 0);
  expect(authorities.current.match(/BEGIN/g)).toHaveLength(2);
  ending.abort();
  await following;
});
