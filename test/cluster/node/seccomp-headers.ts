import { execFile } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const downloadTimeoutMs = 120_000;

/**
 * The environment in which cgo finds libseccomp: what is installed, or else the distribution's -dev package,
 * unpacked beside the program that needs it and not installed. runc needs it: the kubelet asks for a seccomp profile
 * for every sandbox.
 * @throws Error that says what to install
 */
export async function seccompHeaders(directory: string): Promise<Readonly<Record<string, string>>> {
  if (await succeeds('pkg-config', ['--exists', 'libseccomp'])) return {};
  const unpacked = join(directory, 'libseccomp');
  try {
    await mkdir(unpacked, { recursive: true });
    await run('apt-get', ['download', 'libseccomp-dev'], { cwd: unpacked, timeout: downloadTimeoutMs });
    const [archive] = (await readdir(unpacked)).filter((name) => name.endsWith('.deb'));
    if (archive === undefined) throw new Error('apt-get has downloaded nothing');
    await run('dpkg-deb', ['-x', archive, '.'], { cwd: unpacked, timeout: downloadTimeoutMs });
  } catch (cause: unknown) {
    throw new Error('runc needs the headers of libseccomp: install libseccomp-dev (or libseccomp-devel)', {
      cause,
    });
  }
  const libraries = join(unpacked, 'usr', 'lib');
  const pkgConfig = (await readdir(libraries)).map((name) => join(libraries, name, 'pkgconfig'));
  return { PKG_CONFIG_SYSROOT_DIR: unpacked, PKG_CONFIG_LIBDIR: pkgConfig.join(':') };
}

async function succeeds(command: string, args: readonly string[]): Promise<boolean> {
  try {
    await run(command, args, { timeout: 10_000 });
    return true;
  } catch {
    return false;
  }
}
