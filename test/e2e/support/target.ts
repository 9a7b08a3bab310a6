/** A cluster that exists, as the command line names it. */
export interface Target {
  readonly kubeconfig: string;
  /** References that the cluster can pull, or has. */
  readonly image: string;
  readonly programsImage: string;
}

export const targetVariable = 'BINDERY_E2E_TARGET';

export function target(): Target | undefined {
  const value = process.env[targetVariable];
  return value === undefined ? undefined : (JSON.parse(value) as Target);
}
