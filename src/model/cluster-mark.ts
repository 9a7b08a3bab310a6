import { sha256Hex } from '../base/hash.ts';

const length = 16;
const pattern = /^[0-9a-f]{16}$/u;

/** How objects name the cluster whose ids they hold. It follows from the id by which brokers know the cluster, and does not tell it. */
export function clusterMarkOf(clusterId: string): string {
  return sha256Hex(clusterId).slice(0, length);
}

export function isClusterMark(text: string): boolean {
  return pattern.test(text);
}
