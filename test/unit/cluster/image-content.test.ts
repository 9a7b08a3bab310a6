import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { binderyImageOf } from '../../cluster/node/image-content.ts';

it('starts the program as deploy/Dockerfile does', async () => {
  const dockerfile = await readFile(join(import.meta.dirname, '../../../deploy/Dockerfile'), 'utf8');
  const entrypoint = /^ENTRYPOINT (.+)$/m.exec(dockerfile)?.[1] ?? 'none';
  const nothing = Buffer.alloc(0);
  expect(binderyImageOf([], { bundle: nothing, materials: nothing }).entrypoint).toEqual(
    JSON.parse(entrypoint),
  );
});
