/** A stranger's frame broke a bound. Never leaves `wire/`. */
export class Violation extends Error {
  override readonly name = 'Violation';
}
