/** Bytes of `8388608`, `8192Ki` or `8Mi`; undefined when it is none. */
export function sizeBytes(text: string): number | undefined {
  const [, amount, unit] = /^(\d+)(Ki|Mi)?$/.exec(text) ?? [];
  return amount === undefined
    ? undefined
    : Number(amount) * (unit === 'Mi' ? 2 ** 20 : unit === 'Ki' ? 2 ** 10 : 1);
}
