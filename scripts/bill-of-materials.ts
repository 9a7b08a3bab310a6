import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One package of the bundle, or Node.js itself, as CycloneDX 1.5 names it. */
interface Component {
  readonly type: 'library' | 'platform';
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly licenses: readonly { readonly expression: string }[];
  readonly hashes?: readonly { readonly alg: 'SHA-512'; readonly content: string }[];
}

interface Package {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly integrity?: string }>>;
}

/**
 * What the program is made of, as a CycloneDX 1.5 document: the packages whose files went into the bundle, and the Node.js that
 * runs it. The lock file alone would name what is only installed, and `npm sbom --omit dev` leaves out what is a dependency of
 * ours and of our tools, such as ajv. The same sources give the same document: it has no time and
 * no serial number.
 * @param root of the project
 * @param inputs the files that something in the bundle comes from, relative to `root`, as esbuild's `metafile` names them
 */
export async function billOfMaterials(root: string, inputs: readonly string[]): Promise<string> {
  const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as Lock;
  const folders = [...new Set(inputs.map(packageFolder))].filter((folder) => folder !== undefined).sort();
  const libraries = await Promise.all(folders.map(async (folder) => libraryOf(root, folder, lock)));
  // The same version may lie in two folders.
  const components = [...new Map(libraries.map((library) => [library.purl, library])).values()];
  const program = await packageAt(root);
  const document = {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      component: { type: 'application', 'bom-ref': refOf(program), ...namesOf(program) },
    },
    components: [nodeItself(), ...components],
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** `node_modules/a/node_modules/@b/c/d.js` → `node_modules/a/node_modules/@b/c`; undefined for files of the project. */
function packageFolder(path: string): string | undefined {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0];
}

async function libraryOf(root: string, folder: string, lock: Lock): Promise<Component> {
  const found = await packageAt(join(root, folder));
  const integrity = lock.packages[folder]?.integrity;
  if (integrity?.startsWith('sha512-') !== true)
    throw new Error(`package-lock.json has no sha512 of ${folder}`);
  const content = Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex');
  return {
    type: 'library',
    'bom-ref': refOf(found),
    ...namesOf(found),
    hashes: [{ alg: 'SHA-512', content }],
  };
}

function nodeItself(): Component {
  const { version } = process;
  const purl = `pkg:github/nodejs/node@${version}`;
  return {
    type: 'platform',
    'bom-ref': purl,
    name: 'node',
    version: version.slice(1),
    purl,
    licenses: [{ expression: 'MIT' }],
  };
}

function namesOf(found: Package): Pick<Component, 'name' | 'version' | 'purl' | 'licenses'> {
  const { name, version, license } = found;
  if (license === undefined) throw new Error(`${name} ${version} does not name its licence`);
  return { name, version, purl: refOf(found), licenses: [{ expression: license }] };
}

function refOf({ name, version }: Package): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}

async function packageAt(folder: string): Promise<Package> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Package;
}
