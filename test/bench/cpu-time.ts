/**
 * CPU time of a process since it started, user and system, seconds: from what it serves at /metrics.
 * It tells the cost of work also where other processes take turns with it, as a rate does not.
 */
export function cpuSeconds(metrics: string): number {
  const found = /^process_cpu_seconds_total (\S+)$/m.exec(metrics);
  if (found === null) throw new Error('the metrics have no process_cpu_seconds_total');
  return Number(found[1]);
}
