/**
 * `npm run images -- <directory>`: the two images of the end-to-end tests as OCI archives, for a cluster that exists
 * already.
 */
import { resolve } from 'node:path';
import { binderyImage } from '../../cluster/node/image-content.ts';
import { programsImage, writeImages } from './images.ts';

const [directory] = process.argv.slice(2);
if (directory === undefined) {
  console.error('Say where: npm run images -- <directory>');
  process.exitCode = 2;
} else {
  const images = await writeImages(resolve(directory));
  console.log(`${images.bindery}    ${binderyImage}`);
  console.log(`${images.programs}    ${programsImage}`);
}
