// Who wants to hear of what, and telling them.
//
// A listener that throws hurts nobody else and never the stream: its error is thrown on its own,
// where the platform reports what nobody caught.

/** Listeners by the name of what they listen to. */
export class Listeners<Told extends object> {
  readonly #of = new Map<keyof Told, Set<(told: never) => void>>();

  /** Adds a listener. */
  add<Name extends keyof Told>(name: Name, listener: (told: Told[Name]) => void): void {
    const listeners = this.#of.get(name);
    if (listeners) listeners.add(listener);
    else this.#of.set(name, new Set([listener]));
  }

  /** Takes a listener away. */
  remove<Name extends keyof Told>(name: Name, listener: (told: Told[Name]) => void): void {
    this.#of.get(name)?.delete(listener);
  }

  /** Tells everybody who listens, in the order in which they came; `otherwise` if nobody does. */
  tell<Name extends keyof Told>(
    name: Name,
    told: Told[Name],
    otherwise?: (told: Told[Name]) => void,
  ): void {
    const listeners = this.#of.get(name);
    if (!listeners?.size) return otherwise?.(told);
    for (const listener of [...listeners]) {
      try {
        (listener as (told: Told[Name]) => void)(told);
      } catch (error) {
        throwLater(error);
      }
    }
  }
}

/** Throws where nobody catches: the platform reports it. */
export function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
