/** One entry of a tar archive. Owner and time are always 0: the same content gives the same bytes. */
export type TarEntry = TarFile | TarDirectory | TarLink;

export interface TarFile {
  readonly kind: 'file';
  /** Without a leading slash. */
  readonly path: string;
  readonly content: Buffer;
  readonly mode: number;
}

export interface TarDirectory {
  readonly kind: 'directory';
  readonly path: string;
  readonly mode: number;
}

export interface TarLink {
  readonly kind: 'link';
  readonly path: string;
  readonly target: string;
}

const blockBytes = 512;
/** Two empty blocks. */
export const endOfTar = Buffer.alloc(2 * blockBytes);
const types = { file: '0', link: '2', directory: '5' } as const;

/** The archive in pieces, so that a large file in it is never copied. Format: ustar of POSIX.1-1988. */
export function tar(entries: readonly TarEntry[]): readonly Buffer[] {
  const pieces = entries.flatMap((entry) =>
    entry.kind === 'file' ? tarFile(entry.path, [entry.content], entry.mode) : [header(entry, 0)],
  );
  return [...pieces, endOfTar];
}

/** One file, whose content may itself come in pieces. */
export function tarFile(path: string, content: readonly Buffer[], mode: number): readonly Buffer[] {
  const sizeBytes = content.reduce((sum, { length }) => sum + length, 0);
  const padding = Buffer.alloc((blockBytes - (sizeBytes % blockBytes)) % blockBytes);
  return [header({ kind: 'file', path, mode }, sizeBytes), ...content, padding];
}

function header(entry: Omit<TarFile, 'content'> | TarDirectory | TarLink, sizeBytes: number): Buffer {
  const block = Buffer.alloc(blockBytes);
  const { name, prefix } = splitPath(entry.kind === 'directory' ? `${entry.path}/` : entry.path);
  block.write(name, 0);
  writeOctal(block, entry.kind === 'link' ? 0o777 : entry.mode, 100, 8);
  writeOctal(block, 0, 108, 8); // owner
  writeOctal(block, 0, 116, 8); // group
  writeOctal(block, sizeBytes, 124, 12);
  writeOctal(block, 0, 136, 12); // time of change
  block.write(types[entry.kind], 156);
  if (entry.kind === 'link') block.write(entry.target, 157, 100);
  block.write('ustar\u000000', 257);
  block.write(prefix, 345);
  // The sum is taken with eight spaces in its own place.
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

function writeOctal(block: Buffer, value: number, offset: number, length: number): void {
  block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, offset);
}

/** A name has 100 bytes; what is longer is cut at a slash, and the front goes into a field of 155. */
function splitPath(path: string): { readonly name: string; readonly prefix: string } {
  if (Buffer.byteLength(path) <= 100) return { name: path, prefix: '' };
  const cut = path.indexOf('/', path.length - 101);
  const [prefix, name] = [path.slice(0, cut), path.slice(cut + 1)];
  if (cut < 1 || name === '' || prefix.length > 155) throw new Error(`${path} is too long for a tar archive`);
  return { name, prefix };
}
