import { execFile } from 'node:child_process';
import { join } from 'node:path';

const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts');

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `bindery` as a person would type it. @param input for its stdin */
export function runCli(args: readonly string[], input = ''): Promise<CliResult> {
  const { promise, resolve } = Promise.withResolvers<CliResult>();
  const options = { timeout: 60_000, maxBuffer: 64 * 1024 ** 2 };
  const child = execFile(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', main, ...args],
    options,
    (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, stdout, stderr });
    },
  );
  child.stdin?.end(input);
  return promise;
}
