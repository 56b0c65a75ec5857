// Lists: every item once, in order, over every kind of page the API has, and no page too many.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Pepay } from "pepay";

const SIZE = 23;

/** A client of a server that pages a list of numbered things as `page` says. */
function paged(page) {
  const asked = [];
  const fetch = async (url) => {
    const query = Object.fromEntries(new URL(url).searchParams);
    asked.push(query);
    const headers = { "content-type": "application/json" };
    const answer = page(query);
    const error = { code: "VALIDATION_ERROR", message: "Not kept", param: "ending_before" };
    return answer?.refused
      ? Response.json({ success: false, error }, { status: 400 })
      : new Response(JSON.stringify(answer), { headers });
  };
  const client = new Pepay({ baseUrl: "http://pepay.test", apiKey: "k", fetch });
  return { client, asked };
}

/** Newest first, as the server has them: 23 down to 1. */
const newestFirst = Array.from({ length: SIZE }, (_, at) => SIZE - at);

function byCursor(id, wrap) {
  return ({ limit = 10, starting_after: after, ending_before: before }) => {
    const all = newestFirst.map((number) => ({ [id]: `o${number}` }));
    const at = (cursor) => all.findIndex((item) => item[id] === cursor);
    const end = before === undefined ? all.length : at(before);
    const rest = all.slice(after === undefined ? 0 : at(after) + 1, end);
    const data = before === undefined ? rest.slice(0, limit) : rest.slice(-limit);
    return wrap(data, data.length < rest.length);
  };
}

async function numbers(list, id = "id") {
  const found = [];
  for await (const item of list) found.push(Number(String(item[id]).slice(1)));
  return found;
}

test("cursor pages are walked to their end, newest first", async () => {
  const bare = (data, has_more) => ({ object: "list", data, has_more });
  const { client, asked } = paged(byCursor("id", bare));
  assert.deepEqual(await numbers(client.invoices.list({ status: "paid" })), newestFirst);
  assert.deepEqual(asked, [
    { status: "paid" },
    { status: "paid", starting_after: "o14" },
    { status: "paid", starting_after: "o4" },
  ]);
});

test("towards the newer, the oldest comes first", async () => {
  const wrapped = (data, has_more) => ({ success: true, data: { object: "list", data, has_more } });
  const { client } = paged(byCursor("id", wrapped));
  const expected = Array.from({ length: SIZE - 5 }, (_, at) => at + 6);
  assert.deepEqual(await numbers(client.events.list({ ending_before: "o5" })), expected);
  assert.deepEqual(await numbers(client.events.recoverSince("o5")), expected);
  assert.equal((await client.events.recoverSince("o5", { limit: 7 })).length, 7);
  assert.deepEqual(await client.events.recoverSince("o5", { limit: 0 }), []);
});

/** A client of a server that keeps `created` seconds as events, and of older ones nothing. */
function remembering(created) {
  const all = created.map((second, at) => ({
    id: `evt_${second}000-${at * 10 + 100}`,
    created: second,
  }));
  const { client, asked } = paged((query) => {
    const { limit, ending_before: before, starting_after: cursor } = query;
    const at = (id) => all.findIndex((event) => event.id === id);
    let data = all.filter(
      (event) =>
        event.created >= (query["created[gte]"] ?? 0) &&
        event.created <= (query["created[lte]"] ?? Infinity),
    );
    if (before !== undefined) {
      if (at(before) < 0) return { refused: true };
      data = all.slice(at(before) + 1);
      const page = data.slice(0, limit).reverse();
      return { success: true, data: { data: page, has_more: data.length > limit } };
    }
    if (cursor !== undefined) data = data.filter((event) => at(event.id) < at(cursor));
    const page = data.slice(-limit).reverse();
    return { success: true, data: { data: page, has_more: data.length > limit } };
  });
  return { client, asked, all };
}

test("events are recovered in order from an id that is forgotten, with few requests", async () => {
  for (const [since, created] of [
    [5, []],
    [5, [7]],
    [5, Array.from({ length: 100 }, (_, at) => 10 + at)],
    [5, Array.from({ length: 950 }, (_, at) => 1_000 + at * 7)],
    [5, Array.from({ length: 350 }, () => 2_000_000)],
    [5, [9, ...Array.from({ length: 350 }, (_, at) => 2_000_000 + (at % 2 === 0 ? at : at - 1))]],
    [9, [9, 9, 10]],
  ]) {
    const { client, asked, all } = remembering(created);
    const expected = all.map(({ id }) => id);
    const walked = [];
    for await (const event of client.events.recoverSince(`evt_${since}000-1`))
      walked.push(event.id);
    assert.deepEqual(walked, expected);
    assert.ok(asked.length < 45, `${asked.length} requests for ${created.length} events`);
  }
});

test("of a forgotten event's second only what came after it is told", async () => {
  const { client, all } = remembering([9, 9, 9, 10]);
  const events = await client.events.recoverSince("evt_9000-115");
  assert.deepEqual(
    events.map(({ id }) => id),
    all.slice(2).map(({ id }) => id),
  );
});

test("nothing is lost of a log that goes on from an earlier place after a backup", async () => {
  const { client, all } = remembering([7, 8]);
  const events = await client.events.recoverSince("evt_5000-99999");
  assert.deepEqual(
    events.map(({ id }) => id),
    all.map(({ id }) => id),
  );
});

test("a catalog's cursor is a product's number", async () => {
  const wrap = (products, hasMore) => ({ success: true, data: { products, hasMore } });
  const { client } = paged(byCursor("productId", wrap));
  assert.deepEqual(await numbers(client.commerce.catalog.list(), "productId"), newestFirst);
});

test("offset pages end with their total, or with an empty one", async () => {
  const items = newestFirst.map((number) => ({ id: `o${number}` }));
  const slice = ({ limit = 10, offset = 0 }) => items.slice(+offset, +offset + +limit);
  const told = paged((query) => {
    const offset = Number(query.offset ?? 0);
    return { tokens: slice(query), total: SIZE, limit: 10, offset };
  });
  assert.deepEqual(await numbers(told.client.tokens.searchMerchantTokens()), newestFirst);
  assert.equal(told.asked.length, 3);

  const untold = paged((query) => {
    const orders = slice(query);
    const pagination = { limit: 10, offset: Number(query.offset ?? 0), count: orders.length };
    return { success: true, data: { orders, pagination } };
  });
  assert.deepEqual(await numbers(untold.client.commerce.orders.list({ limit: 5 })), newestFirst);
  const offsets = untold.asked.map((query) => query.offset);
  assert.deepEqual(offsets, [undefined, "5", "10", "15", "20", "23"]);
});

test("numbered pages end where the last one says so", async () => {
  const { client, asked } = paged(({ page = 1 }) => {
    const products = newestFirst.slice((page - 1) * 10, page * 10).map((at) => ({ id: `o${at}` }));
    const pagination = { page: Number(page), limit: 10, hasNext: page < 3 };
    return { success: true, data: { products, pagination }, meta: {} };
  });
  assert.deepEqual(await numbers(client.commerce.search({ q: "mug" })), newestFirst);
  assert.deepEqual(asked.at(-1), { q: "mug", page: "3" });
});

test("awaiting a list answers its first page as it is, and asks once", async () => {
  const bare = (data, has_more) => ({ object: "list", data, has_more });
  const { client, asked } = paged(byCursor("id", bare));
  const list = client.invoices.list({ limit: 3 });
  assert.equal(asked.length, 0);
  const page = await list;
  assert.deepEqual(page, { object: "list", data: page.data, has_more: true });
  assert.equal(page.data.length, 3);
  assert.equal(await list, page);
  assert.equal(asked.length, 1);
});

test("nobody asks for a page that is not wanted", async () => {
  const bare = (data, has_more) => ({ object: "list", data, has_more });
  const { client, asked } = paged(byCursor("id", bare));
  for await (const invoice of client.invoices.list()) {
    if (invoice.id === "o14") break;
  }
  assert.equal(asked.length, 1);
  assert.equal((await client.invoices.list().toArray({ limit: 12 })).length, 12);
  assert.equal(asked.length, 3);
  assert.deepEqual(await client.invoices.list().toArray({ limit: 0 }), []);
  let pages = 0;
  for await (const page of client.invoices.list({ limit: 20 }).pages()) pages += page.data.length;
  assert.equal(pages, SIZE);
});

test("a list that fails rejects, however it is used", async () => {
  const failing = new Pepay({
    baseUrl: "http://pepay.test",
    apiKey: "k",
    fetch: async () => Response.json({ error: "No", code: "NO" }, { status: 400 }),
  });
  await assert.rejects(numbers(failing.invoices.list()), { code: "NO" });
  await assert.rejects(failing.invoices.list().toArray({ limit: 5 }), { code: "NO" });
  let finished = false;
  const caught = failing.invoices.list().finally(() => (finished = true));
  await assert.rejects(caught, { code: "NO" });
  assert.ok(finished);
  assert.equal(await failing.invoices.list().catch((error) => error.code), "NO");
});

test("what is no page of a list is an error, and never the list's end", async () => {
  const bare = (data, has_more) => ({ object: "list", data, has_more });
  const good = byCursor("id", bare);
  for (const garbage of [null, [], {}, { data: null }, { data: 5 }, { data: [null] }]) {
    const { client } = paged((query) => (query.starting_after ? garbage : good(query)));
    const found = [];
    const walk = async () => {
      for await (const { id } of client.invoices.list()) found.push(id);
    };
    await assert.rejects(walk(), { name: "PepayAnswerError" }, JSON.stringify(garbage));
    assert.equal(found.length, 10);
    const page = paged(() => garbage).client.invoices.list();
    await assert.rejects(page.toArray({ limit: 1 }), { name: "PepayAnswerError" });
    await assert.rejects(page, { name: "PepayAnswerError" });
    const events = paged(() => garbage).client.events.recoverSince("evt_1-1");
    await assert.rejects(events, { name: "PepayAnswerError" });
  }
});
