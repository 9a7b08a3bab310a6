import type { RepairPace } from '../operations/repair-pace.ts';
import type { OlderUsers } from './replaced-bindings.ts';
import type { SecretChecks } from '../operations/secret-checks.ts';
import type { SecretFinding } from './secret-finding.ts';

/** What the repair of Secrets needs beside a task. */
export interface RepairParts {
  readonly checks: SecretChecks;
  readonly pace: RepairPace;
  /** Whether something may run that has read the credentials of an earlier login. */
  readonly olderUsers: OlderUsers;
  readonly observe?: ((finding: SecretFinding) => void) | undefined;
}

/** What is told of a Secret that is not as it should be. `isFinal`: a person has to do something. */
export interface Saying {
  readonly reason: string;
  readonly message: string;
  readonly isFinal?: boolean;
}
