import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, mkdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeOciArchive, type Image } from '../../cluster/node/oci-archive.ts';
import { tar, type TarEntry } from '../../cluster/node/tar.ts';

let directory: string;
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'bindery-archive-'))));
afterEach(async () => rm(directory, { recursive: true, force: true }));

const long = `${'directory-with-a-name/'.repeat(6)}file`;
const entries: readonly TarEntry[] = [
  { kind: 'directory', path: 'bin', mode: 0o755 },
  { kind: 'file', path: 'bin/program', content: Buffer.from('0123456789'.repeat(100)), mode: 0o755 },
  { kind: 'link', path: 'bin/other', target: 'program' },
  { kind: 'file', path: long, content: Buffer.alloc(0), mode: 0o644 },
];
const image: Image = {
  name: 'localhost/some/image:1',
  layers: [entries, [{ kind: 'file', path: 'a', content: Buffer.from('b'), mode: 0o600 }]],
  entrypoint: ['/bin/program'],
  user: '65532:65532',
};

/** Unpacks with the system's tar, which knows nothing of ours. */
async function unpack(archive: string, into: string): Promise<void> {
  await mkdir(into, { recursive: true });
  execFileSync('tar', ['-xf', archive, '-C', into]);
}

it('is an archive that tar reads: files, modes, links, long paths', async () => {
  const path = join(directory, 'one.tar');
  await writeFile(path, Buffer.concat(tar(entries)));
  const names = execFileSync('tar', ['-tf', path], { encoding: 'utf8' }).trim().split('\n');
  expect(names).toEqual(['bin/', 'bin/program', 'bin/other', long]);
  await unpack(path, join(directory, 'out'));
  expect(await readFile(join(directory, 'out/bin/other'), 'utf8')).toBe('0123456789'.repeat(100));
  expect(await readFile(join(directory, 'out', long), 'utf8')).toBe('');
  expect((await stat(join(directory, 'out/bin/program'))).mode & 0o777).toBe(0o755);
  expect(await readlink(join(directory, 'out/bin/other'))).toBe('program');
});

it('refuses a path that a tar archive can not hold', () => {
  const path = 'x'.repeat(101);
  expect(() => tar([{ kind: 'directory', path, mode: 0o755 }])).toThrow('too long');
});

it('is an image layout in which every digest is that of its content', async () => {
  const path = join(directory, 'image.tar');
  const sizeBytes = await writeOciArchive(path, image);
  const out = join(directory, 'image');
  await unpack(path, out);
  const blob = async (digest: string): Promise<Buffer> => {
    const content = await readFile(join(out, 'blobs', ...digest.split(':')));
    expect(`sha256:${createHash('sha256').update(content).digest('hex')}`).toBe(digest);
    return content;
  };
  type Descriptor = { readonly digest: string; readonly size: number };
  const index = JSON.parse(await readFile(join(out, 'index.json'), 'utf8')) as {
    readonly manifests: readonly [Descriptor & { readonly annotations: Readonly<Record<string, string>> }];
  };
  expect(index.manifests[0].annotations).toMatchObject({ 'io.containerd.image.name': image.name });
  const manifest = JSON.parse((await blob(index.manifests[0].digest)).toString()) as {
    readonly config: Descriptor;
    readonly layers: readonly Descriptor[];
  };
  const config = JSON.parse((await blob(manifest.config.digest)).toString()) as object;
  expect(config).toMatchObject({
    os: 'linux',
    config: { Entrypoint: ['/bin/program'], User: '65532:65532', WorkingDir: '/' },
    rootfs: { type: 'layers', diff_ids: manifest.layers.map(({ digest }) => digest) },
  });
  const contents = await Promise.all(manifest.layers.map(async ({ digest }) => blob(digest)));
  expect(contents.map(({ length }) => length)).toEqual(manifest.layers.map(({ size }) => size));
  expect(contents.reduce((sum, { length }) => sum + length, 0)).toBe(sizeBytes);
});

it('is the same, byte for byte, every time', async () => {
  const [one, other] = [join(directory, '1.tar'), join(directory, '2.tar')];
  await writeOciArchive(one, image);
  await writeOciArchive(other, image);
  expect(await readFile(one)).toEqual(await readFile(other));
});
