/**
 * `npm run test:e2e [-- options]`: the end-to-end tests, on a node that is started for them or in a cluster that
 * exists. Other options and names of test files go to Jest.
 *
 *   --use-kubeconfig[=<path>]  a cluster that exists: of that file, else of $KUBECONFIG
 *   --image=<reference>        Bindery's image there
 *   --programs-image=<reference>  the image of the tests' programs there
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { binderyImage } from '../cluster/node/image-content.ts';
import { programsImage } from './support/images.ts';
import { targetVariable, type Target } from './support/target.ts';

const jest = join(import.meta.dirname, '..', '..', 'node_modules', 'jest', 'bin', 'jest.js');
const rest: string[] = [];
let kubeconfig: string | undefined;
const images = { '--image': binderyImage, '--programs-image': programsImage };

for (const argument of process.argv.slice(2)) {
  const [name = '', value] = argument.split(/=(.*)/s);
  if (name === '--use-kubeconfig') kubeconfig = value ?? process.env['KUBECONFIG'] ?? '';
  else if ((name === '--image' || name === '--programs-image') && value !== undefined) images[name] = value;
  else rest.push(argument);
}

if (kubeconfig === '') {
  console.error('--use-kubeconfig needs the path of a kubeconfig, or $KUBECONFIG');
  process.exitCode = 2;
} else {
  process.exitCode = await runJest(kubeconfig);
}

async function runJest(existing: string | undefined): Promise<number> {
  const target: Target | undefined =
    existing === undefined
      ? undefined
      : { kubeconfig: existing, image: images['--image'], programsImage: images['--programs-image'] };
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      '--experimental-vm-modules',
      jest,
      '--selectProjects=e2e',
      // Bindery is there once in a cluster, and each file installs and removes it.
      `--maxWorkers=${target === undefined ? 2 : 1}`,
      ...rest,
    ],
    {
      stdio: 'inherit',
      env: { ...process.env, ...(target && { [targetVariable]: JSON.stringify(target) }) },
    },
  );
  // Ctrl-C reaches Jest as well, and the clean-up is its own.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
