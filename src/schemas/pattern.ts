import { RE2JS } from 're2js';
import type { Budget } from './budget.ts';
import { verdictOf, type Verdict } from './verdict.ts';

/** Longer ones are left to the broker, characters. */
const maxPatternLength = 512;
const maxTextLength = 4096;
/** Parts of a compiled pattern, counted repetitions multiplied out. */
const maxParts = 4096;
/** What a pattern costs before it is used at all, and to be compiled whatever its text, and one part of it for one character, in steps. */
const lookSteps = 10;
const stepsPerPatternCharacter = 1 / 4;
const compileSteps = 200;
const stepsPerCharacter = 4;
const stepsPerPart = 1 / 40;

const countedRepeat = /(\)?)\{(\d{1,6})(?:,(\d{0,6}))?\}/g;
/** What one of the two dialects does not know, or takes for something else. */
const differently = /\\(?:[aAzZQECGkKXRhHNcxpP0-9]|u\{)|\[\[:|\(\?(?!:)|\[\^?\]/;
/** In any other text, `.`, `\s` and `\w` mean different things in the dialects. */
const plainText = /^[\x20-\x7e]*$/;

/**
 * Whether a text matches a pattern of a schema (ECMA 262), somewhere in it. The pattern is a stranger's, so it is matched by
 * an engine whose time grows with the length of the text only, and never by that of JavaScript. `unknown` for what that engine
 * does not know (look-around, back references), understands otherwise, or what is too long.
 */
export function matches(pattern: string, text: string, budget: Budget): Verdict {
  budget.spend(lookSteps);
  if (pattern.length > maxPatternLength || text.length > maxTextLength) return 'unknown';
  budget.read(text);
  budget.spend(pattern.length * stepsPerPatternCharacter);
  if (!plainText.test(text) || differently.test(pattern) || !isEcma(pattern)) return 'unknown';
  const parts = estimatedParts(pattern);
  if (parts > maxParts) return 'unknown';
  budget.spend(compileSteps + parts);
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(RE2JS.translateRegExp(pattern));
  } catch {
    return 'unknown';
  }
  budget.spend(text.length * (stepsPerCharacter + compiled.programSize() * stepsPerPart));
  return verdictOf(compiled.matcher(text).find());
}

/** V8 parses a pattern here; it matches nothing. */
function isEcma(pattern: string): boolean {
  try {
    return new RegExp(pattern) instanceof RegExp;
  } catch {
    return false;
  }
}

/** An upper bound of what a pattern compiles to. */
function estimatedParts(pattern: string): number {
  let ofGroups = 1;
  let ofSingles = pattern.length;
  for (const [, group, least = '', most = ''] of pattern.matchAll(countedRepeat)) {
    const count = Math.max(Number(least), Number(most), 1);
    if (group === ')') ofGroups *= count;
    else ofSingles += count;
  }
  return ofSingles * ofGroups;
}
