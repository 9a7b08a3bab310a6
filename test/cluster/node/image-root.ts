/**
 * Lays out the content of the product's image in a directory, for deploy/Dockerfile.
 *
 *   node image-root.ts <directory>
 */
import { mkdir, symlink, writeFile, chmod } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { binderyImageOf, builtProgram, nodeLayer } from './image-content.ts';

const [directory] = process.argv.slice(2);
if (directory === undefined) throw new Error('say in which directory');
const program = await builtProgram(join(import.meta.dirname, '..', '..', '..', 'dist', 'bindery.js'));
for (const entry of binderyImageOf(await nodeLayer(), program).layers.flat()) {
  const path = join(directory, entry.path);
  await mkdir(dirname(path), { recursive: true });
  if (entry.kind === 'link') await symlink(entry.target, path);
  else if (entry.kind === 'file') await writeFile(path, entry.content);
  else await mkdir(path, { recursive: true });
  // Not by the arguments above, which the umask cuts.
  if (entry.kind !== 'link') await chmod(path, entry.mode);
}
