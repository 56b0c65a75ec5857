// A promise of something that is not asked for before somebody wants it, and then only once.
//
// Lists are this: whoever walks over one never needs its first page by itself.

/** Like a promise, but begun by the first `await`. */
export abstract class LazyAnswer<Answer> implements PromiseLike<Answer> {
  #begun: Promise<Answer> | undefined;

  /** Asks. @internal */
  protected abstract ask(): Promise<Answer>;

  /** As of any promise. */
  then<Then = Answer, Else = never>(
    fulfilled?: ((answer: Answer) => Then | PromiseLike<Then>) | null,
    rejected?: ((reason: unknown) => Else | PromiseLike<Else>) | null,
  ): Promise<Then | Else> {
    this.#begun ??= this.ask();
    return this.#begun.then(fulfilled, rejected);
  }

  /** As of any promise. */
  catch<Else = never>(
    rejected?: ((reason: unknown) => Else | PromiseLike<Else>) | null,
  ): Promise<Answer | Else> {
    return this.then(undefined, rejected);
  }

  /** As of any promise. */
  finally(finished?: (() => void) | null): Promise<Answer> {
    return this.then().finally(finished);
  }
}
