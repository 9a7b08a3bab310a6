import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { promisify } from 'node:util';
import type { Image } from './oci-archive.ts';
import type { TarEntry } from './tar.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..', '..');

/** Whom containers run as: a number, since there is no need for a name. */
export const imageUser = '65532:65532';
/** As deploy/kustomize/base names it. */
export const binderyImage = 'localhost/bindery:0.1.0';

/**
 * Node.js and nothing else: the program that runs this, the shared libraries it names, and an empty /tmp. No shell,
 * no package manager. The same content as deploy/Dockerfile gives.
 */
export async function nodeLayer(): Promise<readonly TarEntry[]> {
  const program = process.execPath;
  const libraries = await sharedLibraries(program);
  const files: readonly TarEntry[] = [
    { kind: 'file', path: 'bin/node', content: await stripped(program), mode: 0o755 },
    ...(await Promise.all(
      libraries.map(async (path): Promise<TarEntry> => ({
        kind: 'file',
        path: path.slice(1),
        content: await readFile(path),
        mode: 0o755,
      })),
    )),
    text('etc/passwd', 'root:x:0:0:root:/:/bin/false\nbindery:x:65532:65532::/tmp:/bin/false\n'),
    text('etc/group', 'root:x:0:\nbindery:x:65532:\n'),
  ];
  return [
    ...directoriesOf(files).map((path): TarEntry => ({ kind: 'directory', path, mode: 0o755 })),
    { kind: 'directory', path: 'tmp', mode: 0o1777 },
    ...files,
  ];
}

/** The image of the product: Node.js and the bundle of `npm run build`. */
export function binderyImageOf(node: readonly TarEntry[], bundle: Buffer): Image {
  return {
    name: binderyImage,
    layers: [
      node,
      [
        { kind: 'directory', path: 'bindery', mode: 0o755 },
        { kind: 'file', path: 'bindery/bindery.js', content: bundle, mode: 0o755 },
        text('bindery/package.json', '{ "type": "module" }\n'),
      ],
    ],
    entrypoint: ['/bin/node', '/bindery/bindery.js'],
    user: imageUser,
  };
}

/**
 * An image with Node.js and npm packages in /app, which is its working directory: for applications in tests.
 * @param packages names; what they depend on comes with them, from this checkout's node_modules
 */
export async function applicationImageOf(
  name: string,
  node: readonly TarEntry[],
  packages: readonly string[],
): Promise<Image> {
  const names = await withDependencies(packages);
  const files = (await Promise.all(names.map(packageFiles))).flat();
  const directories = directoriesOf(files).map((path): TarEntry => ({
    kind: 'directory',
    path,
    mode: 0o755,
  }));
  return {
    name,
    layers: [node, [...directories, ...files]],
    // No entrypoint: a container says what it runs.
    entrypoint: [],
    workingDirectory: '/app',
  };
}

/** The image of a sandbox: one program. */
export async function pauseImageOf(name: string, program: string): Promise<Image> {
  const content = await readFile(program);
  return {
    name,
    layers: [[{ kind: 'file', path: basename(program), content, mode: 0o755 }]],
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

/** Lines of ldd are `name => /path (address)`, and `/path (address)` for the loader. */
async function sharedLibraries(program: string): Promise<readonly string[]> {
  const { stdout } = await run('ldd', [program], { timeout: 10_000 });
  const paths = stdout.split('\n').map((line) => /(?:=> |^\s*)(\/\S+) \(/.exec(line)?.[1]);
  return paths.filter((path) => path !== undefined).sort();
}

async function withDependencies(packages: readonly string[]): Promise<readonly string[]> {
  const names = new Set<string>();
  const waiting = [...packages];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (names.has(name)) continue;
    names.add(name);
    const manifest = await readFile(join(root, 'node_modules', name, 'package.json'), 'utf8');
    const { dependencies = {} } = JSON.parse(manifest) as {
      readonly dependencies?: Readonly<Record<string, string>>;
    };
    waiting.push(...Object.keys(dependencies));
  }
  return [...names].sort();
}

async function packageFiles(name: string): Promise<readonly TarEntry[]> {
  const directory = join(root, 'node_modules', name);
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(
    paths.sort().map(async (path): Promise<TarEntry> => ({
      kind: 'file',
      path: join('app', 'node_modules', name, relative(directory, path)),
      content: await readFile(path),
      mode: 0o644,
    })),
  );
}

function directoriesOf(files: readonly TarEntry[]): readonly string[] {
  const directories = files.flatMap(({ path }) => {
    const parts = path.split('/').slice(0, -1);
    return parts.map((_part, index) => parts.slice(0, index + 1).join('/'));
  });
  return [...new Set(directories)].sort();
}

function text(path: string, content: string): TarEntry {
  return { kind: 'file', path, content: Buffer.from(content), mode: 0o644 };
}
