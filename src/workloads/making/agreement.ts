import { parametersDigest, markedIdentity } from '../../api/requested-identity.ts';
import type { Ask } from './wanted-services.ts';

/** Beyond this number nobody reads them. */
const maxNames = 5;

/**
 * Whether all who share a service ask for the same. While they do not, nobody can say what it should be.
 * @param asks of workloads for which somebody is on record
 * @returns undefined when they agree; else what to tell each of them: who else asks, and for what plan; never for what
 *   parameters
 */
export function disagreement(asks: readonly Ask[]): ((ask: Ask) => string) | undefined {
  const [first, ...others] = asks;
  if (first === undefined || others.every((other) => differences(first, other).length === 0)) {
    return undefined;
  }
  return (ask) => {
    const told = asks.flatMap((other) => {
      const differing = differences(ask, other);
      return differing.length === 0 ? [] : [`${workloadName(other)} asks for ${differing.join(' and ')}`];
    });
    const more = told.length > maxNames ? `; and ${told.length - maxNames} more` : '';
    const who = `${told.slice(0, maxNames).join('; ')}${more}`;
    return `ServiceInstance "${ask.wish.instance}" is shared, and stays as it is until all agree: ${who}`;
  };
}

/** In what one asks for something else than another. */
function differences({ wish: one }: Ask, { wish: other }: Ask): readonly string[] {
  const plan = other.request?.plan ?? '';
  return [
    ...(one.request?.plan === plan ? [] : [`plan "${plan}"`]),
    ...(sameParameters(one.parameters, other.parameters) ? [] : ['other parameters']),
  ];
}

function sameParameters(one: string, other: string): boolean {
  return one === other || parametersDigest(one) === parametersDigest(other);
}

/** As people write it: `Deployment/orders`. */
export function workloadName({ workload, wish: { login } }: Ask): string {
  const { namespace } = workload.metadata;
  const identity = markedIdentity({ namespace, name: login.name }, login.mark);
  const kind = workload.kind ?? (identity?.of === 'login' ? identity.workload.kind : 'Workload');
  return `${kind}/${workload.metadata.name}`;
}
