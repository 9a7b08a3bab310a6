import { readdir, readFile } from 'node:fs/promises';
import type { BinderyProcess } from '../../demo/bindery-process.ts';

export const mebibyte = 2 ** 20;

/** The most memory that a process has had since it started, bytes; where the kernel does not tell, what it has now. */
export async function peakBytes(bindery: BinderyProcess): Promise<number> {
  return (await highWaterMark(bindery.groupId)) ?? residentBytes(bindery);
}

/** What it has in RAM now, by its own word. */
export async function residentBytes(bindery: BinderyProcess): Promise<number> {
  const [, bytes = 'unknown'] = /^process_resident_memory_bytes (\S+)/m.exec(await bindery.metrics()) ?? [];
  return Number(bytes);
}

/** Of the largest process of a group: the guard beside it is a shell. */
async function highWaterMark(groupId: number): Promise<number | undefined> {
  const pids = await readdir('/proc').catch(() => []);
  const marks = await Promise.all(pids.filter((pid) => /^\d+$/.test(pid)).map((pid) => markOf(pid, groupId)));
  const largest = Math.max(0, ...marks);
  return largest === 0 ? undefined : largest;
}

async function markOf(pid: string, groupId: number): Promise<number> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // Behind the name, which may hold anything: state, parent, group.
    const [, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (Number(group) !== groupId) return 0;
    const [, kibibytes = '0'] =
      /^VmHWM:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kibibytes) * 1024;
  } catch {
    // It has ended meanwhile.
    return 0;
  }
}
