import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { Command } from 'commander';
import { errorMessage } from '../base/logger.ts';
import { convertManifests, type Manifests } from './convert-manifests.ts';
import { UsageError } from './usage-error.ts';

const extensions = /\.(ya?ml|json)$/;

/** `bindery convert`: manifests of the alpha API of the original Service Catalog, as they are understood today. */
export function convertCommand(): Command {
  return new Command('convert')
    .description(
      'rewrite manifests of servicecatalog.k8s.io/v1alpha1 for v1beta1, to stdout; others stay as they are',
    )
    .argument('<source...>', 'files, directories (with all *.yaml, *.yml and *.json below), or - for stdin')
    .addHelpText(
      'after',
      '\nExit code: 0 all converted, 2 something was left out, 1 not read. What was left out is named on stderr.',
    )
    .action(convert);
}

async function convert(sources: readonly string[]): Promise<void> {
  const documents: string[] = [];
  let isWhole = true;
  for (const source of sources) {
    for (const manifests of await readSource(source)) {
      const converted = convertManifests(manifests);
      documents.push(...converted.documents);
      for (const line of [...converted.notes, ...converted.problems]) console.error(line);
      if (converted.problems.length > 0) isWhole = false;
    }
  }
  if (documents.length > 0) process.stdout.write(documents.join('---\n'));
  if (!isWhole) process.exitCode = 2;
}

/** @throws UsageError */
async function readSource(source: string): Promise<readonly Manifests[]> {
  if (source === '-') return [{ name: '<stdin>', text: await textOf(process.stdin) }];
  try {
    if (!(await stat(source)).isDirectory()) return [{ name: source, text: await readFile(source, 'utf8') }];
    const names = await readdir(source, { recursive: true });
    const files = names.filter((name) => extensions.test(name)).sort();
    return await Promise.all(
      files.map(async (name) => ({
        name: join(source, name),
        text: await readFile(join(source, name), 'utf8'),
      })),
    );
  } catch (error) {
    throw new UsageError(`${source} can not be read: ${errorMessage(error)}`);
  }
}
