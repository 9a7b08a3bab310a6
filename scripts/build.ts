/**
 * `npm run build [-- --outfile <path>]`: the program with everything it needs as one file, dist/bindery.js, and beside it
 * `bindery.cdx.json`, what it is made of.
 */
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build, type Plugin } from 'esbuild';
import { billOfMaterials } from './bill-of-materials.ts';

const root = join(import.meta.dirname, '..');
const { values: flags } = parseArgs({ options: { outfile: { type: 'string' } } });
const outfile = resolve(root, flags.outfile ?? join('dist', 'bindery.js'));
const clientNode = '@kubernetes/client-node';
const clientNodeDoor = join(root, 'src', 'kube', 'credentials.ts');
const manifestsModule = join(root, 'src', 'commands', 'manifests.ts');

/** Some packages are CommonJS and ask for Node's own modules by `require`, which an ES module does not have. */
const banner = [
  '#!/usr/bin/env node',
  "import { createRequire as createRequireForBundle } from 'node:module';",
  'const require = createRequireForBundle(import.meta.url);',
].join('\n');

const startedAt = performance.now();
const { version, engines } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
  readonly version: string;
  readonly engines: { readonly node: string };
};
await mkdir(dirname(outfile), { recursive: true });
const { outputFiles, metafile } = await build({
  absWorkingDir: root,
  entryPoints: [join('src', 'main.ts')],
  outfile,
  write: false,
  bundle: true,
  metafile: true,
  platform: 'node',
  format: 'esm',
  // `>=24`: what runs the bundle is what it is made for.
  target: engines.node.replace('>=', 'node'),
  charset: 'ascii',
  banner: { js: banner },
  define: { BINDERY_VERSION: JSON.stringify(version) },
  // Licences ask to be kept; at the end they do not get in the way of a stack trace.
  legalComments: 'eof',
  logLevel: 'warning',
  plugins: [embedManifests(), narrowClientNode()],
});
const inputs = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs));
const bundled = inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path);
const materials = await billOfMaterials(root, bundled);
await writeWhole(outfile.replace(/(\.js)?$/, '.cdx.json'), materials, 0o644);
await writeWhole(outfile, escaped(outputFiles[0]?.text ?? ''), 0o755);
const { size } = await stat(outfile);
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
process.stdout.write(
  `${relative('', outfile)} ${version}: ${(size / 2 ** 20).toFixed(1)} MiB in ${seconds} s\n`,
);

/** Another build may run now, and somebody may start what it makes: the name always stands for a whole file. */
async function writeWhole(path: string, text: string, mode: number): Promise<void> {
  const unfinished = `${path}.${process.pid}`;
  await writeFile(unfinished, text, { mode });
  await rename(unfinished, path);
}

/**
 * V8 keeps the text of the program for as long as it runs: with one byte a character when all of it is ASCII, with two
 * when a single character is not. Regular expressions and comments keep theirs in spite of `charset`.
 */
function escaped(text: string): string {
  return text.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/**
 * From sources, the module reads the YAML files of deploy/ beside it. In the bundle there is nothing beside it:
 * its functions are called now, and a module with the same functions returns what they returned.
 */
function embedManifests(): Plugin {
  const filter = new RegExp(`${manifestsModule.replaceAll(/[.\\/]/g, '\\$&')}$`);
  return {
    name: 'embed-manifests',
    setup(context) {
      context.onLoad({ filter }, async () => ({
        contents: await frozenModule(manifestsModule),
        loader: 'js',
      }));
    },
  };
}

/**
 * client-node is imported when it is needed, and of a module imported that way all is kept: 16 MB. The one file
 * that imports it says which names it wants; in their place stands a module of those names alone.
 */
function narrowClientNode(): Plugin {
  const namespace = 'client-node-names';
  return {
    name: 'narrow-client-node',
    setup(context) {
      context.onResolve({ filter: new RegExp(`^${clientNode}$`) }, ({ namespace: from }) =>
        from === namespace ? undefined : { path: clientNode, namespace },
      );
      context.onLoad({ filter: /./, namespace }, async () => {
        const names = importedNames(await readFile(clientNodeDoor, 'utf8'));
        return { contents: `export { ${names.join(', ')} } from '${clientNode}';`, resolveDir: root };
      });
    },
  };
}

function importedNames(source: string): readonly string[] {
  const imports = [...source.matchAll(/\{([\w\s,]+)\} = await import\('@kubernetes\/client-node'\)/g)];
  if (imports.length === 0 || imports.length !== source.split(`import('${clientNode}')`).length - 1) {
    throw new Error(`${clientNodeDoor} imports ${clientNode} in a way that this build does not understand`);
  }
  const names = imports.flatMap(([, list = '']) => list.split(',').map((name) => name.trim()));
  return [...new Set(names.filter(Boolean))];
}

async function frozenModule(path: string): Promise<string> {
  const exports = (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
  const statements = Object.entries(exports).map(async ([name, value]) => {
    if (typeof value !== 'function') return `export const ${name} = ${toJson(name, value)};`;
    if (value.length > 0)
      throw new Error(`${path}: ${name} has parameters, so its result can not be embedded`);
    const result = (value as () => unknown)();
    const isAsync = typeof (result as { readonly then?: unknown } | undefined)?.then === 'function';
    return `export ${isAsync ? 'async ' : ''}function ${name}() { return ${toJson(name, await result)}; }`;
  });
  return (await Promise.all(statements)).join('\n');
}

function toJson(name: string, value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new Error(`${name} is not JSON, so it can not be embedded`);
  return text;
}
