import { readdirSync, readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, type Registry } from 'prom-client';

const nanoPerSecond = 1e9;
const microPerSecond = 1e6;
/** Delays shorter than this are not seen; a shorter one would wake an idle process for nothing. */
const lagResolutionMs = 20;

/**
 * What Prometheus expects of every process, under the usual names, and three numbers of Node's: the ten series that
 * people look at, not prom-client's own sixty, whose observer of garbage collections costs more than it tells.
 * @returns brings them up to date; to be called at every scrape
 */
export function declareProcessMetrics(registry: Registry): () => void {
  const registers = [registry];
  const gauge = (name: string, help: string): Gauge => new Gauge({ registers, name, help });
  const cpu = new Counter({
    registers,
    name: 'process_cpu_seconds_total',
    help: 'CPU time of the process, user and system.',
  });
  const started = gauge('process_start_time_seconds', 'When the process started, seconds since the epoch.');
  const resident = gauge('process_resident_memory_bytes', 'Memory of the process that is in RAM.');
  const heapUsed = gauge('nodejs_heap_size_used_bytes', 'JavaScript objects, garbage included.');
  const heapTotal = gauge('nodejs_heap_size_total_bytes', 'Memory that V8 has taken for JavaScript objects.');
  const external = gauge('nodejs_external_memory_bytes', 'Buffers and other memory outside of the heap.');
  const lagP99 = gauge('nodejs_eventloop_lag_p99_seconds', '99th percentile of the delay of the event loop.');
  const lagMax = gauge('nodejs_eventloop_lag_max_seconds', 'Longest delay of the event loop.');
  const openFiles = gauge('process_open_fds', 'Open file descriptors, sockets included.');
  const maxFiles = gauge('process_max_fds', 'How many file descriptors the process may open.');

  const lag = monitorEventLoopDelay({ resolution: lagResolutionMs });
  lag.enable();
  started.set(Math.round(Date.now() / 1000 - process.uptime()));
  const limit = fileLimit();
  if (limit !== undefined) maxFiles.set(limit);
  let cpuSeconds = 0;

  return () => {
    const { user, system } = process.cpuUsage();
    const total = (user + system) / microPerSecond;
    cpu.inc(Math.max(0, total - cpuSeconds));
    cpuSeconds = total;
    const memory = process.memoryUsage();
    resident.set(memory.rss);
    heapUsed.set(memory.heapUsed);
    heapTotal.set(memory.heapTotal);
    external.set(memory.external);
    // The histogram counts whole intervals between two ticks; what is over the resolution is the delay.
    lagP99.set(delaySeconds(lag.percentile(99)));
    lagMax.set(delaySeconds(lag.max));
    lag.reset();
    const count = openFileCount();
    if (count !== undefined) openFiles.set(count);
  };
}

function delaySeconds(intervalNanos: number): number {
  return Math.max(0, (intervalNanos - lagResolutionMs * 1e6) / nanoPerSecond);
}

/** Undefined where there is no /proc, as on macOS. */
function openFileCount(): number | undefined {
  try {
    // Less one for the directory that is being read.
    return readdirSync('/proc/self/fd').length - 1;
  } catch {
    return undefined;
  }
}

function fileLimit(): number | undefined {
  try {
    const limit = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return limit === undefined ? undefined : Number(limit);
  } catch {
    return undefined;
  }
}
