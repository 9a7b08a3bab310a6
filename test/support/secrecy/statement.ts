/** Something that was said where others than the owner of a secret can read it. */
export interface Statement {
  /** Where a person would look for it: `ServiceInstance shop/db, version 317`. */
  readonly place: string;
  readonly text: string;
}
