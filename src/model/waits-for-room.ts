/** The reasons for which an instance waits until there is room for it, or its namespace may have it. */
export const waitsForRoom: readonly string[] = ['NotForNamespace', 'LimitReached'];
