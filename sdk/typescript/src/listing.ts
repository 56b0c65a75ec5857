// Lists that come in pages: await one for its first page, or walk over the items of all of them.
//
// Nothing is asked before somebody wants it, and no page before the one in front is used up. With
// `ending_before` the walk goes towards the newer, so items come oldest first; else newest first.

import { isObject } from "./answer.js";
import { PepayAnswerError } from "./errors.js";
import { LazyAnswer } from "./lazy_answer.js";

/** How the pages of the API say where they end. */
interface PageFields {
  has_more?: boolean;
  hasMore?: boolean;
  total?: number;
  offset?: number;
  pagination?: { offset?: number; hasNext?: boolean; page?: number };
}

interface Page extends PageFields {
  items: Record<string, unknown>[];
}

type Query = Record<string, unknown>;

/**
 * A list. `await` it for its first page just as the API answers it; `for await` it for every item
 * of this page and all that follow.
 */
export class Listing<Answer, Item> extends LazyAnswer<Answer> implements AsyncIterable<Item> {
  readonly #load: (query: object) => Promise<unknown>;
  readonly #query: Query;

  /** @internal */
  constructor(load: (query: object) => Promise<unknown>, query: object | undefined) {
    super();
    this.#load = load;
    this.#query = { ...query };
  }

  /** The first page. @internal */
  protected override async ask(): Promise<Answer> {
    const answer = await this.#load(this.#query);
    pageOf(answer);
    return answer as Answer;
  }

  /** The pages, one after the other, each as the API answers it. */
  async *pages(): AsyncGenerator<Answer, void, undefined> {
    let query: Query | undefined = this.#query;
    while (query) {
      const answer = await this.#load(query);
      const page = pageOf(answer);
      yield answer as Answer;
      query = following(query, page);
    }
  }

  /** Every item of every page. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    for await (const answer of this.pages()) {
      const { items } = pageOf(answer);
      // A page is newest first whichever way one walks.
      yield* (this.#query.ending_before === undefined ? items : [...items].reverse()) as Item[];
    }
  }

  /** Collects items, at most as many as given. */
  async toArray({ limit }: { limit: number }): Promise<Item[]> {
    const items: Item[] = [];
    if (limit <= 0) return items;
    for await (const item of this) {
      items.push(item);
      if (items.length >= limit) break;
    }
    return items;
  }
}

/**
 * What a page holds, whatever it is wrapped into. What holds no items is no page: taken for an
 * empty one it would end a walk in the middle, and nobody would know that there was more.
 */
function pageOf(answer: unknown): Page {
  const outer = answer as { data?: unknown };
  const isWrapped = outer.data && !Array.isArray(outer.data);
  const page = (isWrapped ? outer.data : outer) as PageFields & Record<string, unknown>;
  const items = page.data ?? page.products ?? page.orders ?? page.addresses ?? page.tokens;
  if (!Array.isArray(items) || !items.every(isObject)) {
    const details = { status: 200, requestId: null };
    throw new PepayAnswerError("The answer is no page of a list", details);
  }
  return { ...page, items: items as Page["items"] };
}

/** The query of the next page, or nothing if this was the last. */
function following(query: Query, page: Page): Query | undefined {
  const { items, pagination } = page;
  if (items.length === 0) return undefined;
  const hasMore = page.has_more ?? page.hasMore;
  if (hasMore !== undefined) {
    if (!hasMore) return undefined;
    const isNewer = query.ending_before !== undefined;
    const last = items[isNewer ? 0 : items.length - 1]!;
    const cursor = last.id ?? last.productId;
    return { ...query, [isNewer ? "ending_before" : "starting_after"]: cursor };
  }
  if (pagination?.hasNext !== undefined) {
    return pagination.hasNext ? { ...query, page: (pagination.page ?? 1) + 1 } : undefined;
  }
  // By offset. Only some say how many there are: else an empty page is the end.
  const offset = (page.offset ?? pagination?.offset ?? Number(query.offset ?? 0)) + items.length;
  return page.total !== undefined && offset >= page.total ? undefined : { ...query, offset };
}
