/** Where a thread's module is, beside this one: `.ts` in the source tree, `.js` once compiled. */
export function threadUrl(name: string): URL {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  return new URL(`./${name}${extension}`, import.meta.url);
}

/** What every thread is started with: none of the process's environment, arguments or streams. */
export const threadSurroundings = { env: {}, argv: [], execArgv: [] };
