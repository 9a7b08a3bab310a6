/**
 * `npm run test:integration [-- options]`: the integration tests. Other options and names of test files go to Jest.
 *
 *   --restarts  the controllers end without a goodbye and start anew between the steps of every story; without names of
 *               test files, only the stories of services and their data are told
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { restartsVariable } from '../support/world/restarts-variable.ts';

const jest = join(import.meta.dirname, '..', '..', 'node_modules', 'jest', 'bin', 'jest.js');
// The stories in life/ are made of kills, stops and pauses already. Those of tenants/ and gitops/ are about what is refused, seen and
// shared by a process that runs: they take a restart when they are named.
const foldersWithControllers = ['catalog', 'injection', 'lifecycle', 'workloads'];

const given = process.argv.slice(2);
const rest = given.filter((argument) => argument !== '--restarts');
const isRestarting = rest.length < given.length;
const namesFiles = rest.some((argument) => !argument.startsWith('-'));
const selected = foldersWithControllers.map((folder) => `test/integration/${folder}/`);

const child = spawn(
  process.execPath,
  [
    '--disable-warning=ExperimentalWarning',
    '--experimental-vm-modules',
    jest,
    '--selectProjects=integration',
    // Most of the time they wait: three keep two cores busy.
    '--maxWorkers=3',
    ...rest,
    ...(isRestarting && !namesFiles ? selected : []),
  ],
  { stdio: 'inherit', env: { ...process.env, [restartsVariable]: isRestarting ? '1' : '' } },
);
// Ctrl-C reaches Jest as well, and the clean-up is its own.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => child.kill('SIGTERM'));
process.exitCode = await new Promise<number>((resolve, reject) => {
  child.once('error', reject);
  child.once('exit', (code) => resolve(code ?? 1));
});
