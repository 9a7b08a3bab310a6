/** A JSON pointer (RFC 6901) to the place that these keys lead to. */
export function pointer(keys: readonly (string | number)[]): string {
  let path = '';
  for (const key of keys) path += `/${typeof key === 'number' ? key : escape(key)}`;
  return path;
}

/** `~` first, or the escapes of slashes would be escaped again. */
function escape(key: string): string {
  return /[~/]/.test(key) ? key.replaceAll('~', '~0').replaceAll('/', '~1') : key;
}
