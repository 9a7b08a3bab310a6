import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../../src/base/logger.ts';
import { createAuthority, issueLeaf } from '../../../src/certs/authority.ts';
import { certificateFacts } from '../../../src/certs/certificate-facts.ts';
import { CertificateFiles } from '../../../src/certs/certificate-files.ts';
import type { CertificatePair } from '../../../src/certs/certificate-types.ts';
import { waitFor } from '../../support/wait-for.ts';

const dayMs = 24 * 3600 * 1000;
const names = { dnsNames: ['bindery-webhook.bindery.svc'], ipAddresses: ['127.0.0.1'] };

let stop: AbortController;
let running: Promise<void>[];
beforeEach(() => {
  stop = new AbortController();
  running = [];
});
afterEach(async () => {
  stop.abort();
  await Promise.all(running);
});

describe('certificates from files', () => {
  let folder: string;
  let pairs: readonly CertificatePair[];

  beforeAll(async () => {
    const validity = { notBeforeMs: Date.now() - 1000, notAfterMs: Date.now() + dayMs };
    const authority = await createAuthority(validity);
    pairs = await Promise.all([issueLeaf(authority, names, validity), issueLeaf(authority, names, validity)]);
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bindery-certs-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const write = async (pair: Partial<CertificatePair>): Promise<void> => {
    if (pair.cert !== undefined) await writeFile(join(folder, 'tls.crt'), pair.cert);
    if (pair.key !== undefined) await writeFile(join(folder, 'tls.key'), pair.key);
  };
  const open = (): Promise<CertificateFiles> =>
    CertificateFiles.open({
      certFile: join(folder, 'tls.crt'),
      keyFile: join(folder, 'tls.key'),
      logger: silentLogger,
      pollMs: 5,
    });

  it('are followed; half a pair is not taken', async () => {
    await write(pairs[0]!);
    const files = await open();
    running.push(files.start(stop.signal));
    expect(files.current).toEqual(pairs[0]);
    const seen: CertificatePair[] = [];
    files.subscribe((pair) => seen.push(pair));
    await write({ cert: pairs[1]!.cert });
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(files.current).toEqual(pairs[0]);
    await write({ key: pairs[1]!.key });
    await waitFor(() => seen.length > 0);
    expect(seen).toEqual([pairs[1]]);
    expect(files.isValid(Date.now())).toBe(true);
    expect(files.isValid(certificateFacts(pairs[1]!.cert)!.notAfterMs)).toBe(false);
  });

  it('stay in use when the files are gone for a while', async () => {
    await write(pairs[0]!);
    const files = await open();
    running.push(files.start(stop.signal));
    await rm(join(folder, 'tls.crt'));
    await write(pairs[1]!);
    await waitFor(() => files.current.cert === pairs[1]!.cert);
  });

  it('that are none are refused at the start', async () => {
    await write({ cert: pairs[0]!.cert, key: pairs[1]!.key });
    await expect(open()).rejects.toThrow('are not a certificate and its key');
    await rm(join(folder, 'tls.key'));
    await expect(open()).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
