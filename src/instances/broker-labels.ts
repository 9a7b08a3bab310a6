import type { InstanceAnswer } from '../osb/types.ts';
import type { Judgement, StatusChanges } from './instance-status.ts';

const maxLabels = 64;
const name = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const prefix = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
const maxPrefixLength = 253;

/** As `settle` takes it, with what the broker said of the instance besides. */
export function withLabels(judgement: Judgement, answer: InstanceAnswer): Judgement {
  return { ...judgement, changes: { ...judgement.changes, ...labelsSaid(answer) } };
}

/**
 * `status.labels` as an answer says them: as a set, in the place of those before; entries that would be no label of Kubernetes
 * are left out. An answer without metadata says nothing of them (OSB, Service Instance Metadata).
 */
export function labelsSaid({ metadata }: InstanceAnswer): StatusChanges {
  if (metadata === undefined) return {};
  const labels = Object.entries(metadata.labels).filter(isLabel).slice(0, maxLabels);
  return { labels: labels.length === 0 ? undefined : Object.fromEntries(labels) };
}

/** Of the syntax of Kubernetes: a name of at most 63 characters, perhaps after a DNS subdomain and a slash. */
function isLabel([key, value]: readonly [string, string]): boolean {
  const parts = key.split('/');
  const [first = '', second] = parts;
  if (parts.length > 2 || (value !== '' && !name.test(value))) return false;
  if (second === undefined) return name.test(first);
  return first.length <= maxPrefixLength && prefix.test(first) && name.test(second);
}
