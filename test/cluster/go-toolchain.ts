import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const askTimeoutMs = 30_000;

export type GoToolchain =
  | { readonly kind: 'found'; readonly command: string; readonly version: string }
  | { readonly kind: 'too-old'; readonly version: string }
  | { readonly kind: 'absent' };

/** Asks the `go` on the PATH of that environment for its version. `required` is such as `1.26.0`. */
export async function findGo(env: NodeJS.ProcessEnv, required: string): Promise<GoToolchain> {
  try {
    const { stdout } = await run('go', ['env', 'GOVERSION'], {
      env: goEnvironment(env),
      timeout: askTimeoutMs,
    });
    const version = stdout.trim();
    return isAtLeast(version, required)
      ? { kind: 'found', command: 'go', version }
      : { kind: 'too-old', version };
  } catch (error: unknown) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'absent' };
    throw error;
  }
}

/**
 * The user's environment for Go without what could change the build: flags, another toolchain, a workspace that
 * lies above this checkout, another platform. Proxies and cache directories stay the user's.
 */
export function goEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const inherited = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    ...Object.fromEntries(inherited),
    // Read after `go env -w`, so these win over the user's saved settings as well.
    GOFLAGS: '-mod=readonly -buildvcs=false',
    GOTOOLCHAIN: 'local',
    GOWORK: 'off',
    GO111MODULE: 'on',
    GOOS: process.platform,
    GOARCH: process.arch === 'x64' ? 'amd64' : process.arch,
    // One value for all programs, or the packages that they share are compiled twice.
    CGO_ENABLED: '0',
    GOEXPERIMENT: '',
  };
}

/** `go1.26.8` is at least `1.26.0`; so is `devel go1.27-2f3a9c`. What can not be read is not. */
function isAtLeast(version: string, required: string): boolean {
  const [major, minor, patch] = numbers(version);
  const [requiredMajor, requiredMinor, requiredPatch] = numbers(required);
  if (major !== requiredMajor) return major > requiredMajor;
  if (minor !== requiredMinor) return minor > requiredMinor;
  return patch >= requiredPatch;
}

function numbers(version: string): readonly [number, number, number] {
  const match = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(version);
  return [Number(match?.[1] ?? 0), Number(match?.[2] ?? 0), Number(match?.[3] ?? 0)];
}
