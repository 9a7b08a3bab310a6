import { performance } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { collectGarbage } from '../base/collect-garbage.ts';

/**
 * undici parses HTTP in WebAssembly. Of a function that has run for a while V8 makes faster code, and for the one large
 * function there is that leaves 16 MiB behind; the parser is microseconds of a request.
 */
const leaveParserAsItIs = ['--no-wasm-tier-up', '--no-wasm-dynamic-tiering'];

/** Older ones do not know all of the flags, and would say so. */
const firstMajor = 24;

const lookMs = 5_000;
/** An idle process is busy for less than this share of the time. */
const idleShare = 0.01;
/** Less is not worth a pause. */
const worthwhileGrowth = 1.2;

/**
 * Has V8 take less memory, for a process that serves for weeks. To be called before the first request. Not by flags of
 * the command line: with those Node does without the compiled form of its own modules, and starts 40 ms later.
 */
export function saveMemory(): void {
  if (Number.parseInt(process.versions.node, 10) < firstMajor) return;
  for (const flag of leaveParserAsItIs) setFlagsFromString(flag);
  collectWhenIdle();
}

/**
 * V8 collects when it needs room, so a process with nothing to do would keep the garbage of its last burst for ever.
 * Telling V8 to collect more often costs a fifth of the throughput; this costs a pause of some ten milliseconds when
 * nobody waits.
 */
function collectWhenIdle(): void {
  let since = performance.eventLoopUtilization();
  let collectedBytes = 0;
  setInterval(() => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, since);
    since = now;
    const hasGrown = getHeapStatistics().total_heap_size > collectedBytes * worthwhileGrowth;
    if (utilization > idleShare || !hasGrown) return;
    collectGarbage('major');
    collectedBytes = getHeapStatistics().total_heap_size;
  }, lookMs).unref();
}
