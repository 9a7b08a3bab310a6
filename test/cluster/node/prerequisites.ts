import { access, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** What node.sh and inside.sh call. */
const tools = ['unshare', 'nsenter', 'mount', 'umount', 'ip', 'hostname', 'find', 'ldd'];
/** CAP_SYS_ADMIN and CAP_NET_ADMIN of linux/capability.h. */
const neededCapabilities = { CAP_SYS_ADMIN: 21, CAP_NET_ADMIN: 12 };
/** Hierarchies without which containers can not be limited. */
const neededControllers = ['cpu', 'cpuset', 'memory', 'pids', 'devices', 'freezer'];

/** Why this machine can not run a node, as a sentence for people; undefined when it can. */
export async function nodeProblem(env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  if (process.platform !== 'linux') return `a node needs Linux, and this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'a node needs root';
  const capabilities = await effectiveCapabilities();
  for (const [name, bit] of Object.entries(neededCapabilities)) {
    if ((capabilities & (1n << BigInt(bit))) === 0n) return `a node needs the capability ${name}`;
  }
  const missing = await missingTools(env);
  if (missing.length > 0) return `a node needs ${missing.join(', ')} on the PATH`;
  const controllers = await controllersOfVersion1();
  const absent = neededControllers.filter((name) => !controllers.has(name));
  return absent.length === 0
    ? undefined
    : `a node needs cgroup v1 hierarchies (version 2 is not done yet); there is none for ${absent.join(', ')}`;
}

async function effectiveCapabilities(): Promise<bigint> {
  const status = await readFile('/proc/self/status', 'utf8');
  return BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
}

async function missingTools(env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const directories = (env['PATH'] ?? '').split(delimiter);
  const found = await Promise.all(
    tools.map(async (tool) => {
      for (const directory of directories) {
        const isThere = await access(join(directory, tool)).then(
          () => true,
          () => false,
        );
        if (isThere) return true;
      }
      return false;
    }),
  );
  return tools.filter((_tool, index) => found[index] === false);
}

/** Lines of /proc/self/cgroup are `id:controller,controller:path`; version 2 has the id 0 and no controllers. */
async function controllersOfVersion1(): Promise<ReadonlySet<string>> {
  const lines = (await readFile('/proc/self/cgroup', 'utf8')).trim().split('\n');
  return new Set(lines.flatMap((line) => (line.split(':')[1] ?? '').split(',')).filter(Boolean));
}
