import { injectKey } from '../../api/group.ts';
import { hasMark, namespaceOptOut, systemNamespaces } from '../../model/scope.ts';
import type { InjectionView } from './injection-view.ts';

/** Where a Pod is, as far as that decides whether the webhook is asked about it. */
export interface Place {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>> | undefined;
  /** Bindery's own namespace. */
  readonly own: string;
}

/** Why a Pod runs without what it asks for, and what has to change before it can be made anew. */
export interface Without {
  /** Half a sentence about Pods. */
  readonly why: string;
  /** A whole sentence with a command, or nothing. */
  readonly first: string;
}

/** For a Pod that asks for something it does not have. */
export function whyWithout(
  { asked, isNoted, skipped }: InjectionView,
  { namespace, labels, own }: Place,
): Without {
  const late = asked.find(({ elsewhere }) => elsewhere !== undefined);
  if (late?.elsewhere !== undefined) {
    const { secret, binding = '', elsewhere } = late;
    return {
      why: `they were given Secret "${secret}", and ServiceBinding "${binding}", which came later, writes Secret "${elsewhere.written}"`,
      first: '',
    };
  }
  if (skipped !== undefined) {
    return {
      why: `their conflict policy is skip, and something is in the way (${skipped})`,
      first: 'Take that away, or set the policy to keep-mine.',
    };
  }
  if (isNoted) return { why: 'they were made before they asked for it', first: '' };
  if (namespace === own || systemNamespaces.includes(namespace)) {
    return { why: `no Pod of namespace "${namespace}" is ever looked at`, first: 'Run it in another one.' };
  }
  if (hasMark(labels, namespaceOptOut)) {
    return {
      why: `namespace "${namespace}" has opted out of injection`,
      first: `To change that: kubectl label namespace ${namespace} ${injectKey}-.`,
    };
  }
  return { why: 'when they were made, the webhook was not called, or they did not ask yet', first: '' };
}
