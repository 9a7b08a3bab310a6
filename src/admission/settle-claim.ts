import { requestedByAnnotation } from '../api/group.ts';
import { parseAnnotations } from '../injection/annotations.ts';
import type { Annotations } from '../injection/pod.ts';
import { quote } from '../injection/problem.ts';
import { podTemplateOf, type RawWorkload, type TemplateHolder } from '../injection/workload.ts';
import { isCopiedFromChecked, isMadeFromChecked } from './checked-owner.ts';
import { claimOf, type Claim, type ClaimPlaces } from './claim.ts';
import type { PatchOperation } from './decision.ts';
import { isMoved } from './moved.ts';
import { ObjectPatch } from './object-patch.ts';
import type { AdmissionRequest } from './review.ts';
import { missingRight, type RightsDeps } from './source-rights.ts';

export type SettledClaim =
  | { readonly kind: 'refused'; readonly message: string }
  | {
      readonly kind: 'noted';
      readonly operations: readonly PatchOperation[];
      readonly warnings: readonly string[];
    };

const path = ['metadata', 'annotations', requestedByAnnotation];
const nothing: SettledClaim = { kind: 'noted', operations: [], warnings: [] };

function noted({ operations }: ObjectPatch, ...warnings: readonly string[]): SettledClaim {
  return { kind: 'noted', operations, warnings };
}

/**
 * Writes down on a workload who asks for services: the user who writes what is asked for, once it is sure that they may have
 * all of it. Any other write leaves the name as it is.
 * @param template annotations of the Pod template, as they will be
 */
export async function settleClaim(
  request: AdmissionRequest,
  holder: TemplateHolder,
  template: Annotations,
  deps: RightsDeps,
  timeoutMs: number,
): Promise<SettledClaim> {
  // What a Deployment says is on its ReplicaSets as well, and nobody's claim there.
  if (isCopiedFromChecked(request)) return nothing;
  const places = claimPlaces(request, holder, template);
  const claim: Claim = isMadeFromChecked(request) ? { kind: 'idle' } : claimOf(places.now, places.before);
  const note = new ObjectPatch(request.object ?? {});
  if (claim.kind === 'idle') note.remove(path);
  if (claim.kind === 'dropped') note.set(path, claim.before);
  if (claim.kind !== 'new' && claim.kind !== 'by-hand') return noted(note);

  const { now } = places;
  const requests = [now.template, now.own].flatMap((annotations) => parseAnnotations(annotations).requests);
  const missing = await missingRight(requests, request, deps, timeoutMs);
  if (missing === undefined) {
    note.set(path, request.user.username ?? '');
    return noted(note);
  }
  if (claim.kind === 'new' || claim.before === undefined) return { kind: 'refused', message: missing };
  // As with `kubectl rollout undo`, which brings back all annotations of a revision.
  note.set(path, claim.before);
  return noted(note, `${requestedByAnnotation} still names ${quote(claim.before)}: ${missing}`);
}

function claimPlaces(
  request: AdmissionRequest,
  holder: TemplateHolder,
  template: Annotations,
): { readonly now: ClaimPlaces; readonly before: ClaimPlaces | undefined } {
  const { kind, object = {}, oldObject } = request;
  // What belongs to another workload from now on is as good as new.
  if (oldObject === undefined || isMoved(request))
    return { now: { own: annotationsOf(object), template }, before: undefined };
  const before = podTemplateOf(holder, oldObject)?.metadata?.annotations ?? {};
  // What is written beside the template of a Job has no effect after its creation.
  const own = kind === 'Job' ? ownOfLateJob : annotationsOf;
  return { now: { own: own(object), template }, before: { own: own(oldObject), template: before } };
}

function annotationsOf({ metadata }: RawWorkload): Annotations {
  return metadata?.annotations ?? {};
}

function ownOfLateJob(job: RawWorkload): Annotations {
  const by = annotationsOf(job)[requestedByAnnotation];
  return by === undefined ? {} : { [requestedByAnnotation]: by };
}
