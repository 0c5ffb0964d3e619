/** What an invariant says when it does not hold. */

/** @throws {Error} if it does not */
export function hold(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(`invariant broken: ${otherwise}`);
}
