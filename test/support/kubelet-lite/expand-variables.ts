/**
 * Expands `$(NAME)` as Kubernetes does in `env[].value`, `command` and `args`: `$$` is a plain `$`, so `$$(NAME)`
 * stays `$(NAME)`; a name that is not known stays as it is written; any other `$` is an ordinary character.
 */
export function expandVariables(text: string, valueOf: (name: string) => string | undefined): string {
  return text.replaceAll(/\$(?:\$|\(([^)]*)\))/g, (match, name: string | undefined) =>
    name === undefined ? '$' : (valueOf(name) ?? match),
  );
}
