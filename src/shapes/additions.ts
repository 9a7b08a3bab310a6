import { isObject, type JsonObject } from '../base/json.ts';
import type { BindingType } from './binding-types.ts';
import { isLegalKey, maxKeys, maxSizeBytes } from './secret-key.ts';
import type { ShapeRule } from './shape-rule.ts';
import { wellKnownKeys } from './well-known-keys.ts';

/** What a `VCAP_SERVICES` document says of a service besides its credentials (Cloud Foundry). */
export interface VcapService {
  readonly label: string;
  readonly plan: string;
  readonly tags: readonly string[];
  readonly bindingName: string;
  readonly instanceName: string;
}

export interface Shaping {
  /** Undefined: no reader is known that would look for certain keys. */
  readonly type: BindingType | undefined;
  readonly rule: ShapeRule;
  readonly service: VcapService;
  /** Keys that the owner has taken away: they do not come back. */
  readonly removed: ReadonlySet<string>;
}

export interface Additions {
  readonly entries: ReadonlyMap<string, string>;
  /** What could not be done, by names only. */
  readonly notes: readonly string[];
}

/**
 * What is added to the keys that a Secret has from its broker, which all stay as they are. What does not fit into a Secret
 * is left out as a whole. Never throws.
 * @param credentials what the keys were made of
 * @param own the entries of the Secret so far, which are never replaced
 */
export function additionsTo(
  credentials: JsonObject,
  own: ReadonlyMap<string, string>,
  shaping: Shaping,
): Additions {
  const notes: string[] = [];
  const shaped = shapedEntries(credentials, own, shaping, notes);
  const known = shaping.type === undefined ? [] : wellKnownKeys(credentials, shaping.type);
  const derived = new Map([...known].filter(([key]) => !own.has(key) && !shaping.removed.has(key)));

  const both = new Map([...derived, ...shaped]);
  if (fits(own, both)) return { entries: both, notes };
  if (shaped.size > 0)
    notes.push('the shape is left out: with it the Secret would be too large, or have too many keys');
  return { entries: fits(own, derived) ? derived : new Map(), notes };
}

function shapedEntries(
  credentials: JsonObject,
  own: ReadonlyMap<string, string>,
  { rule, service }: Shaping,
  notes: string[],
): ReadonlyMap<string, string> {
  const entries = new Map<string, string>();
  const add = (key: string, value: string): void => {
    if (!own.has(key) && isLegalKey(key)) entries.set(key, value);
  };
  if (rule.prefix !== undefined) {
    for (const key of Object.keys(credentials)) add(rule.prefix + key, own.get(key) ?? '');
  }
  if (rule.flatten) flattenInto(entries, credentials, own, notes);
  for (const [key, document] of documents(credentials, rule, service)) {
    if (own.has(key)) notes.push(taken(key));
    add(key, document);
  }
  for (const { key, from } of rule.aliases) {
    const value = own.get(from) ?? entries.get(from);
    if (own.has(key)) notes.push(taken(key));
    else if (value === undefined)
      notes.push(`there is no key ${JSON.stringify(from)} for ${JSON.stringify(key)}`);
    else add(key, value);
  }
  return entries;
}

function documents(
  credentials: JsonObject,
  { json, vcap }: ShapeRule,
  service: VcapService,
): readonly (readonly [string, string])[] {
  return [
    ...(json === undefined ? [] : [[json, JSON.stringify(credentials)] as const]),
    ...(vcap === undefined ? [] : [[vcap, vcapServices(credentials, service)] as const]),
  ];
}

function vcapServices(
  credentials: JsonObject,
  { label, plan, tags, bindingName, instanceName }: VcapService,
): string {
  const service = {
    label,
    name: bindingName,
    binding_name: bindingName,
    instance_name: instanceName,
    plan,
    tags,
    credentials,
    syslog_drain_url: null,
    volume_mounts: [],
  };
  return JSON.stringify(Object.fromEntries([[label, [service]]]));
}

/** Objects only: a list stays one value. The first of two that would have the same key counts. */
function flattenInto(
  entries: Map<string, string>,
  credentials: JsonObject,
  own: ReadonlyMap<string, string>,
  notes: string[],
): void {
  let left = 0;
  const walk = (object: JsonObject, path: string): void => {
    for (const [name, value] of Object.entries(object)) {
      if (entries.size > maxKeys) return;
      const key = path === '' ? name : `${path}_${name}`;
      if (isObject(value)) walk(value, key);
      else if (path === '') continue;
      else if (!isLegalKey(key) || own.has(key) || entries.has(key)) left++;
      else entries.set(key, textOf(value));
    }
  };
  walk(credentials, '');
  if (left > 0)
    notes.push(`flatten left out ${left} nested values: their keys are taken, or not legal in a Secret`);
}

/** A value of the credentials as it stands in a Secret: text as it is, anything else as compact JSON. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function taken(key: string): string {
  return `the key ${JSON.stringify(key)} is the broker's own and stays`;
}

function fits(own: ReadonlyMap<string, string>, added: ReadonlyMap<string, string>): boolean {
  const sizeBytes = [...own.values(), ...added.values()].reduce(
    (sum, text) => sum + Buffer.byteLength(text),
    0,
  );
  return own.size + added.size <= maxKeys && sizeBytes <= maxSizeBytes;
}
