const escape = String.fromCodePoint(0x1b);
const bell = String.fromCodePoint(0x07);
const controlSequence = String.fromCodePoint(0x9b);

// ECMA-48: control sequences, operating system commands, and those of two characters. They go as a whole, or what is
// left of them would be read as text.
const escapes = [
  `(?:${escape}\\[|${controlSequence})[0-?]*[ -\\/]*[@-~]`,
  `${escape}\\][^${bell}${escape}]*(?:${bell}|${escape}\\\\)`,
  `${escape}[@-~]`,
];

// Control characters, invisible format marks (zero-width, writing direction, byte order), line and paragraph
// separators: none belongs in a condition, an event, a log line or a terminal.
const unprintable = new RegExp(`(?:${[...escapes, '[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]'].join('|')})+`, 'gu');

/** Text of whatever origin, fit to be shown: what can not be seen, or does something, becomes a space. */
export function printable(text: string): string {
  return text.toWellFormed().replace(unprintable, ' ');
}
