import { isObject, type JsonObject } from '../base/json.ts';

/** The versions of AdmissionReview that are understood; each is answered in itself. */
export type ReviewVersion = 'v1' | 'v1beta1';

/** Who makes the request, as the API server authenticated them. */
export interface RequestUser {
  readonly username?: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** `request` of an AdmissionReview (admission.k8s.io), as far as the handlers look at it. */
export interface AdmissionRequest {
  readonly uid: string;
  readonly operation: string;
  /** Kind of the object, for `kind` lower in the hierarchy than the group: `Deployment`. */
  readonly kind: string;
  /** Plural of the resource: `pods`. */
  readonly resource: string;
  /** Empty for the object itself. */
  readonly subResource: string;
  /** Empty for cluster-scoped objects. */
  readonly namespace: string;
  /** Empty when the API server will generate the name. */
  readonly name: string;
  readonly user: RequestUser;
  /** What the client calls itself in the request; empty when it does not. */
  readonly fieldManager: string;
  /** Undefined for DELETE. */
  readonly object: JsonObject | undefined;
  /** Undefined for CREATE. */
  readonly oldObject: JsonObject | undefined;
  /** True: nothing may be written anywhere because of this request. */
  readonly dryRun: boolean;
}

export type DecodedReview =
  | { readonly kind: 'review'; readonly version: ReviewVersion; readonly request: AdmissionRequest }
  /** Not something that can be answered with a review: there is no uid to echo. */
  | { readonly kind: 'malformed'; readonly message: string };

const versions: ReadonlyMap<unknown, ReviewVersion> = new Map<unknown, ReviewVersion>([
  ['admission.k8s.io/v1', 'v1'],
  ['admission.k8s.io/v1beta1', 'v1beta1'],
]);

/** Reads the envelope. The object inside is passed on as it is, without a look at it. */
export function decodeReview(document: unknown): DecodedReview {
  if (!isObject(document)) return malformed('the body is not an AdmissionReview');
  const version = versions.get(document['apiVersion']);
  if (version === undefined || document['kind'] !== 'AdmissionReview') {
    return malformed('the body is not an AdmissionReview of admission.k8s.io/v1 or v1beta1');
  }
  const request = document['request'];
  if (!isObject(request)) return malformed('the AdmissionReview has no request');
  const uid = request['uid'];
  if (typeof uid !== 'string' || uid === '')
    return malformed('the request of the AdmissionReview has no uid');
  return { kind: 'review', version, request: requestOf(uid, request) };
}

function requestOf(uid: string, request: JsonObject): AdmissionRequest {
  const { kind, resource, userInfo, options, object, oldObject } = request;
  return {
    uid,
    operation: text(request['operation']),
    kind: isObject(kind) ? text(kind['kind']) : '',
    resource: isObject(resource) ? text(resource['resource']) : '',
    subResource: text(request['subResource']),
    namespace: text(request['namespace']),
    name: text(request['name']),
    user: isObject(userInfo) ? userInfo : {},
    fieldManager: isObject(options) ? text(options['fieldManager']) : '',
    object: isObject(object) ? object : undefined,
    oldObject: isObject(oldObject) ? oldObject : undefined,
    dryRun: request['dryRun'] === true,
  };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function malformed(message: string): DecodedReview {
  return { kind: 'malformed', message };
}
