/** Replaced by the build with the version of package.json. */
declare const BINDERY_VERSION: string | undefined;

/** Version of the program; `0.0.0-source` when it runs from the sources. */
export const programVersion: string = typeof BINDERY_VERSION === 'string' ? BINDERY_VERSION : '0.0.0-source';
