/**
 * A Date that is the same on every machine: local time is UTC, and only ISO 8601 text is parsed
 * (what engines make of other text differs, and where they parse it they assume the machine's time
 * zone).
 *
 * Importing this replaces the thread's Date; it must happen before SES is imported, which builds
 * the Date of all compartments from the one it finds. SES itself takes the present time away.
 */

const HostDate = Date;
const hostParse = Date.parse;

const isoDate = /(?:\d{4}|[+-]\d{6})(?:-\d\d(?:-\d\d)?)?/.source;
const isoTime = /T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?<zone>Z|[+-]\d\d:\d\d)?/.source;
const isoText = new RegExp(`^${isoDate}(?<time>${isoTime})?$`);

function parseUtc(text: string): number {
  const match = isoText.exec(text);
  if (match === null) return Number.NaN;
  const assumesZone = match.groups?.['time'] !== undefined && match.groups['zone'] === undefined;
  return hostParse(assumesZone ? `${text}Z` : text);
}

/** The arguments of `new Date(...)` with everything that would depend on the time zone made UTC. */
function inUtc(args: unknown[]): unknown[] {
  if (args.length === 0) return [];
  if (args.length === 1) {
    const [value] = args;
    const isText = typeof value === 'string' || (isObject(value) && !(value instanceof HostDate));
    return [isText ? parseUtc(String(value)) : value];
  }
  const [year, month, ...rest] = args.map(Number);
  return [HostDate.UTC(year ?? Number.NaN, month, ...rest)];
}

function isObject(value: unknown): boolean {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

const UtcDate: unknown = new Proxy(HostDate, {
  construct: (target, args: unknown[], newTarget) =>
    Reflect.construct(target, inUtc(args), newTarget),
});

const fields = ['FullYear', 'Month', 'Date', 'Day', 'Hours', 'Minutes', 'Seconds', 'Milliseconds'];
for (const field of fields) {
  for (const access of ['get', 'set']) {
    const utc: unknown = Reflect.get(HostDate.prototype, `${access}UTC${field}`);
    if (utc !== undefined) define(HostDate.prototype, `${access}${field}`, utc);
  }
}
defineOwn(HostDate.prototype, 'getTimezoneOffset', function getTimezoneOffset() {
  return 0;
});
for (const name of ['toString', 'toLocaleString']) {
  defineOwn(HostDate.prototype, name, function toString(this: Date) {
    return this.toUTCString();
  });
}
for (const name of ['toDateString', 'toLocaleDateString']) {
  defineOwn(HostDate.prototype, name, function toDateString(this: Date) {
    return this.toUTCString().slice(0, 16);
  });
}
for (const name of ['toTimeString', 'toLocaleTimeString']) {
  defineOwn(HostDate.prototype, name, function toTimeString(this: Date) {
    return this.toUTCString().slice(17);
  });
}
defineOwn(HostDate, 'parse', parseUtc);
define(HostDate.prototype, 'constructor', UtcDate);
define(globalThis, 'Date', UtcDate);

/** A program that asks for a proxy's text is told "native code": ours differs where compiled. */
function defineOwn(target: object, name: string, method: object): void {
  define(target, name, new Proxy(method, {}));
}

function define(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, {
    value,
    writable: true,
    enumerable: false,
    configurable: true,
  });
}
