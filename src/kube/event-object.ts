import { randomBytes } from 'node:crypto';
import { compact } from '../base/compact.ts';
import { printable } from '../base/printable.ts';
import type { KubeObject } from './objects.ts';

export type EventType = 'Normal' | 'Warning';

/** A core/v1 Event: the form that every kubectl and every dashboard counts and sorts. */
export interface EventObject extends KubeObject {
  readonly involvedObject: {
    readonly apiVersion?: string;
    readonly kind?: string;
    readonly namespace?: string;
    readonly name: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
  };
  readonly type: EventType;
  readonly reason: string;
  readonly message: string;
  readonly count: number;
  readonly firstTimestamp: string;
  readonly lastTimestamp: string;
  readonly source: { readonly component: string };
  readonly reportingComponent: string;
  readonly reportingInstance: string;
}

export interface EventFacts {
  readonly regarding: KubeObject;
  readonly type: EventType;
  readonly reason: string;
  readonly message: string;
  /** What stands beside the words, which stay the same so that repetitions are counted. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly count: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

/** kube-apiserver keeps at most 1,024 characters of a note, and people read fewer. */
const maxMessageLength = 1024;

export function eventObject(facts: EventFacts, component: string, instance: string): EventObject {
  const { apiVersion, kind, metadata } = facts.regarding;
  const { name, namespace, uid, resourceVersion } = metadata;
  // The events of cluster-scoped objects live in `default`, by Kubernetes' convention.
  return {
    metadata: {
      name: eventName(name),
      namespace: namespace ?? 'default',
      ...compact({ annotations: facts.annotations }),
    },
    involvedObject: compact({ apiVersion, kind, namespace, name, uid, resourceVersion }),
    type: facts.type,
    reason: facts.reason,
    message: printable(facts.message).slice(0, maxMessageLength),
    count: facts.count,
    firstTimestamp: eventTime(facts.firstMs),
    lastTimestamp: eventTime(facts.lastMs),
    source: { component },
    reportingComponent: component,
    reportingInstance: instance,
  };
}

/** RFC 3339 with seconds, the form of metav1.Time. */
export function eventTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** The object's name and something random, within the 253 characters of a DNS subdomain. */
function eventName(name: string): string {
  const start = name
    .slice(0, 230)
    .replace(/[^a-z0-9.-]/g, '-')
    .replace(/[^a-z0-9]+$/, '');
  return `${start}.${randomBytes(8).toString('hex')}`;
}
