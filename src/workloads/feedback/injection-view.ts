import { injectedAnnotation } from '../../api/group.ts';
import type { WorkloadRef } from '../../api/requested-identity.ts';
import { compact } from '../../base/compact.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { parseAnnotations } from '../../injection/annotations.ts';
import { requestNames } from '../../injection/binding.ts';
import { listOf, type RawMetadata, type RawPodSpec } from '../../injection/pod.ts';
import type { LeftOutPreset } from '../../injection/preset.ts';
import { cut } from '../../injection/problem.ts';
import { topWorkload } from '../../injection/top-workload.ts';
import { mirrorAnnotation, optOutOf, vocabularyMark } from '../../model/scope.ts';
import { missingKeyOf, type ContainerState, type MissingKey } from './missing-key.ts';
import { secretNames } from '../secret-names.ts';

/** One binding that a Pod asks for itself. */
export interface AskedBinding {
  /** In the Pod. */
  readonly name: string;
  /** The ServiceBinding; undefined for `secret/…`. */
  readonly binding: string | undefined;
  readonly secret: string;
  /** The Pod has it. */
  readonly isThere: boolean;
  /** The binding writes another Secret than the Pod was given. What waits to start for that is replaced, or told of, elsewhere. */
  readonly elsewhere?: { readonly written: string; readonly isReplaced: boolean };
}

/** What a Pod asked for, and what came of it. The Pods of a workload have the same one. */
export interface InjectionView {
  readonly workload: WorkloadRef;
  readonly asked: readonly AskedBinding[];
  /** Secrets of bindings that it has and does not ask for: PodPresets brought them. */
  readonly brought: readonly string[];
  readonly presets: readonly string[];
  readonly leftOut: readonly LeftOutPreset[];
  /** The webhook has looked at it. */
  readonly isNoted: boolean;
  /** Why it got nothing, with the policy `skip`. */
  readonly skipped?: string;
  /** A container waits for an entry that its Secret does not have. */
  readonly missingKey?: MissingKey;
}

interface Source {
  readonly metadata: RawMetadata;
  readonly spec?: RawPodSpec | undefined;
  readonly status?:
    | {
        readonly containerStatuses?: readonly ContainerState[] | null | undefined;
        readonly initContainerStatuses?: readonly ContainerState[] | null | undefined;
      }
    | undefined;
}

/** The note of the webhook is text that anybody may have written on a Pod. */
const maxNoteLength = 32_768;
const maxListed = 256;
/** The webhook names no more. */
const maxLeftOut = 20;
const maxWhyLength = 250;
/** Of any object's name (Kubernetes: DNS subdomain names). What is longer names none. */
const maxNameLength = 253;

/** Undefined for a Pod that has nothing to do with bindings or PodPresets. */
export function injectionView(pod: Source): InjectionView | undefined {
  const annotations = pod.metadata.annotations ?? {};
  if (!Object.keys(annotations).some((key) => key.includes(vocabularyMark))) return undefined;
  if (Object.hasOwn(annotations, mirrorAnnotation)) return undefined;

  const note = noteOf(annotations[injectedAnnotation]);
  const inSpec = new Set(secretNames(pod.spec));
  const { workload } = topWorkload('Pod', pod.metadata);
  const asked = askedBindings(pod.metadata, workload, note, inSpec);
  const { bindings, presets, leftOut, skipped } = note ?? nothingNoted;
  const brought = bindings
    .filter(({ name, secret }) => inSpec.has(secret) && !asked.some((one) => one.name === name))
    .map(({ secret }) => secret);
  if (asked.length + brought.length + presets.length + leftOut.length === 0) return undefined;
  const missingKey = missingKeyOf(containersOf(pod), (secret) => inSpec.has(secret));
  return {
    workload,
    asked,
    brought,
    presets,
    leftOut,
    isNoted: note !== undefined,
    ...compact({ skipped, missingKey }),
  };
}

/** None of a Pod that has opted out. */
function askedBindings(
  metadata: RawMetadata,
  workload: WorkloadRef,
  note: Note | undefined,
  inSpec: ReadonlySet<string>,
): readonly AskedBinding[] {
  if (optOutOf(metadata, undefined) !== undefined) return [];
  const owner = { namespace: metadata.namespace ?? '', workload };
  return parseAnnotations(metadata.annotations).requests.map((request) => {
    const named = requestNames(request, owner, () => undefined);
    const noted = note?.bindings.find(({ name }) => name === request.name);
    const secret = noted?.secret ?? named.secret;
    const isThere = inSpec.has(secret) || noted?.isBare === true || note?.isShortened === true;
    return { name: request.name, binding: named.binding, secret, isThere };
  });
}

function containersOf({ status }: Source): readonly ContainerState[] {
  return [...listOf(status?.containerStatuses), ...listOf(status?.initContainerStatuses)];
}

interface Note {
  readonly bindings: readonly {
    readonly name: string;
    readonly secret: string;
    /** It brought no files: where the Pod has all its variables from elsewhere (`keep-mine`), nothing of it is to be seen. */
    readonly isBare: boolean;
  }[];
  readonly presets: readonly string[];
  readonly leftOut: readonly LeftOutPreset[];
  readonly skipped: string | undefined;
  /** What there was no room for is not known. */
  readonly isShortened: boolean;
}

const nothingNoted: Note = {
  bindings: [],
  presets: [],
  leftOut: [],
  skipped: undefined,
  isShortened: false,
};

/** The status annotation as the webhook writes it (`injection/status.ts`). */
function noteOf(text: string | undefined): Note | undefined {
  if (text === undefined) return undefined;
  const read = text.length > maxNoteLength ? undefined : objectIn(text);
  const note = read ?? {};
  return {
    bindings: listIn(note, 'bindings').flatMap((one) => {
      const { name, secret, volume } = isObject(one) ? one : {};
      if (!isName(name) || !isName(secret)) return [];
      return [{ name, secret, isBare: volume === undefined }];
    }),
    presets: listIn(note, 'presets').filter(isName),
    leftOut: listIn(note, 'leftOut', maxLeftOut).flatMap((one) => {
      const { preset, why } = isObject(one) ? one : {};
      return isName(preset) && typeof why === 'string' ? [{ preset, why: cut(why, maxWhyLength) }] : [];
    }),
    skipped: typeof note['skipped'] === 'string' ? cut(note['skipped'], maxWhyLength) : undefined,
    isShortened: read === undefined || note['shortened'] === true,
  };
}

function objectIn(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function listIn(note: JsonObject, field: string, most = maxListed): readonly unknown[] {
  const list = note[field];
  return Array.isArray(list) ? list.slice(0, most) : [];
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= maxNameLength;
}
