import { isObject } from '../base/json.ts';

/** How large a catalog may be. A larger one is not used at all: which part of it should be left out? */
export interface CatalogLimits {
  /** Decompressed. */
  readonly bytes: number;
  readonly services: number;
  /** Of all services together. */
  readonly plans: number;
}

export const defaultCatalogLimits: CatalogLimits = {
  bytes: 8 * 1024 * 1024,
  services: 1000,
  plans: 10_000,
};

/** What there is too much of, in words that follow "its catalog has"; undefined when nothing is. */
export function catalogExcess(services: readonly unknown[], limits: CatalogLimits): string | undefined {
  if (services.length > limits.services) return excess(services.length, 'services', limits.services);
  const plans = services
    .map((service) => (isObject(service) && Array.isArray(service['plans']) ? service['plans'].length : 0))
    .reduce((sum, count) => sum + count, 0);
  return plans > limits.plans ? excess(plans, 'plans', limits.plans) : undefined;
}

function excess(count: number, what: string, limit: number): string {
  return `${count} ${what}, ${limit} are allowed`;
}
