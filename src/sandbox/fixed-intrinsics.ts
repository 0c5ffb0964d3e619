/**
 * Makes the objects that all code of a thread shares, such as `Function.prototype`, unchangeable.
 *
 * Node's own code runs in the same realm as a program that got out, and it calls methods of these
 * objects: whoever replaces `Function.prototype.bind` and imports anything is handed the module
 * loader as its `this`, and with that all modules. In threads for JavaScript SES has frozen them
 * already, in its own way.
 */

/**
 * Called last, once everything that extends them is loaded.
 * @param names of the globals that the language has
 */
export function fixIntrinsics(names: readonly string[]): void {
  const open: unknown[] = [...hidden];
  for (const name of names) if (name !== 'globalThis') open.push(Reflect.get(globalThis, name));
  const seen = new Set<unknown>([globalThis]);
  for (let next = open.pop(); open.length > 0 || next !== undefined; next = open.pop()) {
    if (!isObject(next) || seen.has(next)) continue;
    seen.add(next);
    open.push(Object.getPrototypeOf(next));
    for (const key of Reflect.ownKeys(next)) {
      open.push(...Object.values(Object.getOwnPropertyDescriptor(next, key) ?? {}));
      fix(next, key);
    }
    Object.preventExtensions(next);
  }
}

/** Those that no global leads to. */
const hidden: readonly unknown[] = [
  function* () {},
  async () => {},
  async function* () {},
  [].values(),
  new Map().values(),
  new Set().values(),
  ''[Symbol.iterator](),
  ''.matchAll(/x/g),
].map((one) => Object.getPrototypeOf(one));

/**
 * Modules that Node loads late give their own objects properties of these names by assignment,
 * which a property that can't be written would forbid to all that inherit it.
 */
const inherited = new Set<PropertyKey>(['constructor', 'message', 'name', 'toString', 'valueOf']);

function fix(owner: object, key: PropertyKey): void {
  const isMethod = typeof Object.getOwnPropertyDescriptor(owner, key)?.value === 'function';
  Object.defineProperty(owner, key, {
    configurable: false,
    ...(isMethod && !inherited.has(key) && { writable: false }),
  });
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
