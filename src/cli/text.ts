/** Bytes that a terminal can show: programs write text and pictures alike to their stdout. */

import { plain } from './format.ts';

/** As `git` judges files, by their beginning. */
export function isText(bytes: Uint8Array): boolean {
  const head = bytes.subarray(0, headBytes);
  try {
    // As a stream, since the head may end within a character.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return plain(text) === text.replace(/[\t\r]/g, ' ');
  } catch {
    return false;
  }
}

const headBytes = 8000;
