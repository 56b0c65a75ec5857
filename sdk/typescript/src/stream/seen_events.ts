// Which events were told already, so that each is told once however often it arrives.
//
// Bounded: the oldest ids are forgotten. What could arrive twice arrives close together, at the
// seam between a replay and what happens meanwhile.

const IDS_MAX = 4_096;

/** The ids of the newest events. */
export class SeenEvents {
  readonly #ids = new Set<string>();

  /** Whether this id is new; from now on it is not. */
  isNew(id: string): boolean {
    if (this.#ids.has(id)) return false;
    this.#ids.add(id);
    if (this.#ids.size > IDS_MAX) {
      // A set keeps the order in which it was filled.
      for (const oldest of this.#ids) {
        this.#ids.delete(oldest);
        break;
      }
    }
    return true;
  }
}
