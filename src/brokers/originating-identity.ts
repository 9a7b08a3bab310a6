import type { OriginatingIdentity } from '../osb/types.ts';

/** `spec.userInfo` of an instance or binding: the UserInfo of the admission request that wrote the spec. */
export interface UserInfo {
  readonly username?: string;
  readonly uid?: string;
  readonly groups?: readonly string[] | null;
  readonly extra?: Readonly<Record<string, readonly string[]>> | null;
}

/**
 * The user for `X-Broker-API-Originating-Identity` (OSB profile, Originating Identity Header, Kubernetes): all four
 * fields always, an empty `uid` for users of client certificates. Undefined when nobody is known: the header may
 * be left out, but must not tell an untruth.
 */
export function originatingIdentity(userInfo: UserInfo | null | undefined): OriginatingIdentity | undefined {
  if (!userInfo?.username) return undefined;
  return {
    platform: 'kubernetes',
    value: {
      username: userInfo.username,
      uid: userInfo.uid ?? '',
      groups: userInfo.groups ?? [],
      extra: userInfo.extra ?? {},
    },
  };
}
