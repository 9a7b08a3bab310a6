import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import type { Image } from './oci-archive.ts';
import type { TarEntry } from './tar.ts';

const run = promisify(execFile);

/** Whom containers run as: a number, since there is no need for a name. */
export const imageUser = '65532:65532';
/** As deploy/kustomize/base names it. */
export const binderyImage = 'localhost/bindery:0.1.0';

/** Flags of Node with which the product runs, as in deploy/Dockerfile. Why: docs/decisions/0013-memory-of-node.md. */
export const nodeFlags = ['--max-semi-space-size=16'] as const;

/**
 * Node.js and nothing else: the program that runs this, the shared libraries it names, and an empty /tmp. No shell,
 * no package manager. The same content as deploy/Dockerfile gives.
 */
export async function nodeLayer(): Promise<readonly TarEntry[]> {
  const files: readonly TarEntry[] = [
    executable('bin/node', await stripped(process.execPath)),
    ...(await libraryEntries(process.execPath)),
    text('etc/passwd', 'root:x:0:0:root:/:/bin/false\nbindery:x:65532:65532::/tmp:/bin/false\n'),
    text('etc/group', 'root:x:0:\nbindery:x:65532:\n'),
  ];
  return [...withDirectories(files), { kind: 'directory', path: 'tmp', mode: 0o1777 }];
}

/** The two files of `npm run build`. */
export interface BuiltProgram {
  readonly bundle: Buffer;
  /** What it is made of, CycloneDX. */
  readonly materials: Buffer;
}

/** @param outfile of `npm run build` */
export async function builtProgram(outfile: string): Promise<BuiltProgram> {
  const [bundle, materials] = await Promise.all([
    readFile(outfile),
    readFile(outfile.replace(/(\.js)?$/, '.cdx.json')),
  ]);
  return { bundle, materials };
}

/** The image of the product: Node.js, the bundle, and its bill of materials, where scanners look for such files. */
export function binderyImageOf(node: readonly TarEntry[], { bundle, materials }: BuiltProgram): Image {
  return {
    name: binderyImage,
    layers: [
      node,
      [
        { kind: 'directory', path: 'bindery', mode: 0o755 },
        executable('bindery/bindery.js', bundle),
        text('bindery/package.json', '{ "type": "module" }\n'),
        { kind: 'file', path: 'bindery/bindery.cdx.json', content: materials, mode: 0o644 },
      ],
    ],
    entrypoint: ['/bin/node', ...nodeFlags, '/bindery/bindery.js'],
    user: imageUser,
  };
}

/** The image of a sandbox: one program. */
export async function pauseImageOf(name: string, program: string): Promise<Image> {
  const content = await readFile(program);
  return {
    name,
    layers: [[executable(basename(program), content)]],
    entrypoint: [`/${basename(program)}`],
  };
}

/** The program without its symbol tables, which are 17 MiB; as it is where there is no `strip`. */
async function stripped(program: string): Promise<Buffer> {
  const directory = await mkdtemp(join(tmpdir(), 'bindery-strip-'));
  const output = join(directory, basename(program));
  try {
    await run('strip', ['--strip-unneeded', '-o', output, program], { timeout: 60_000 });
    return await readFile(output);
  } catch {
    return await readFile(program);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The shared libraries of this machine that a program names, where it looks for them. */
export async function libraryEntries(program: string): Promise<readonly TarEntry[]> {
  const paths = await sharedLibraries(program);
  return Promise.all(paths.map(async (path) => executable(path.slice(1), await readFile(path))));
}

/** Lines of ldd are `name => /path (address)`, and `/path (address)` for the loader. */
async function sharedLibraries(program: string): Promise<readonly string[]> {
  const { stdout } = await run('ldd', [program], { timeout: 10_000 });
  const paths = stdout.split('\n').map((line) => /(?:=> |^\s*)(\/\S+) \(/.exec(line)?.[1]);
  return paths.filter((path) => path !== undefined).sort();
}

/** The files with the directories that they are in. */
export function withDirectories(files: readonly TarEntry[]): readonly TarEntry[] {
  const directories = files.flatMap(({ path }) => {
    const parts = path.split('/').slice(0, -1);
    return parts.map((_part, index) => parts.slice(0, index + 1).join('/'));
  });
  const paths = [...new Set(directories)].sort();
  return [...paths.map((path): TarEntry => ({ kind: 'directory', path, mode: 0o755 })), ...files];
}

function executable(path: string, content: Buffer): TarEntry {
  return { kind: 'file', path, content, mode: 0o755 };
}

function text(path: string, content: string): TarEntry {
  return { kind: 'file', path, content: Buffer.from(content), mode: 0o644 };
}
