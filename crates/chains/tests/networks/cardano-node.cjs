// A DOUBLE that stands in for a Cardano node with Blockfrost in front of it: no cardano-node can be
// had for tests. Ledger rules (signatures, double spends, minimum outputs, fees) are the real ones
// of `scalus`; blocks, rollbacks and everything HTTP are this program's own. Each answer is checked
// against Blockfrost's published schema before it is sent.
//
// node cardano-node.cjs ADDRESS[,ADDRESS...]
// The addresses own the first outputs there are: ADA, and assets of a policy nobody minted by.
// Writes one line of JSON: port and policy. GET /view/NAME/... is Blockfrost as the node NAME sees
// it: a view may lag or be broken. POST /test/... moves the chain.
'use strict';
const http = require('node:http');
const { createHash } = require('node:crypto');
const Ajv = require('ajv').default;
const cardano = require('@emurgo/cardano-serialization-lib-nodejs');
const { Emulator, SlotConfig } = require('scalus');
const schemas = require('@blockfrost/openapi/json-schema.json');

const SECONDS_PER_BLOCK = 20;
const FIRST_HEIGHT = 1000;
const FIRST_SLOT = 1_000_000;
const FIRST_TIME = 1_700_000_000;
const FIRST_OUTPUTS = 12;
const POLICY = 'd063fdbef28a1f376c0cdf6cc2fe512d95c32dac55d2a56e242b80c9';
const ASSET_NAMES = ['55534443', '55534454', '4a554e4b', ''];
const COUNT_DEFAULT = 100;

const hash = (text) => createHash('sha256').update(text).digest('hex');
const ajv = new Ajv({ strict: false, validateFormats: false });
const checks = new Map();

/** What an output holds, as Blockfrost writes it. */
function amounts(value) {
  const found = [{ unit: 'lovelace', quantity: value.coin().to_str() }];
  const assets = value.multiasset();
  if (!assets) return found;
  for (let at = 0; at < assets.keys().len(); at += 1) {
    const policy = assets.keys().get(at);
    const names = assets.get(policy).keys();
    for (let inner = 0; inner < names.len(); inner += 1) {
      const name = names.get(inner);
      const unit = policy.to_hex() + Buffer.from(name.name()).toString('hex');
      found.push({ unit, quantity: assets.get(policy).get(name).to_str() });
    }
  }
  return found;
}

function firstOutput(address, at) {
  const value = cardano.Value.new(cardano.BigNum.from_str('2000000000'));
  if (at % 2 === 1) {
    const assets = cardano.Assets.new();
    for (const name of ASSET_NAMES) {
      const bytes = Buffer.from(name, 'hex');
      assets.insert(cardano.AssetName.new(bytes), cardano.BigNum.from_str('9000000000000'));
    }
    const all = cardano.MultiAsset.new();
    all.insert(cardano.ScriptHash.from_hex(POLICY), assets);
    value.set_multiasset(all);
  }
  return cardano.TransactionOutput.new(cardano.Address.from_bech32(address), value);
}

/** The first outputs as the map of inputs to outputs that the ledger begins with. */
function genesis(addresses) {
  const entries = [];
  for (const [place, address] of addresses.entries()) {
    for (let at = 0; at < FIRST_OUTPUTS; at += 1) {
      const id = cardano.TransactionHash.from_hex(hash(`first ${place}`));
      const input = cardano.TransactionInput.new(id, at);
      entries.push({ input, output: firstOutput(address, at) });
    }
  }
  const size = Buffer.from([0xb9, entries.length >> 8, entries.length & 0xff]);
  const bytes = entries.flatMap(({ input, output }) => [input.to_bytes(), output.to_bytes()]);
  return { entries, cbor: Buffer.concat([size, ...bytes]) };
}

const addresses = process.argv[2].split(',');
const first = genesis(addresses);
/** Every output there ever was, by `transaction#index`. */
const outputs = new Map();
for (const { input, output } of first.entries) {
  outputs.set(`${input.transaction_id().to_hex()}#${input.index()}`, output);
}
const firstIds = new Set(first.entries.map(({ input }) => input.transaction_id().to_hex()));

let ledger = new Emulator(first.cbor, SlotConfig.preprod);
let blocks = [];
let pool = [];
let forks = 0;
let isHolding = false;
const views = new Map();

function mine(transactions) {
  const height = FIRST_HEIGHT + blocks.length;
  const slot = FIRST_SLOT + blocks.length * SECONDS_PER_BLOCK;
  ledger.setSlot(slot);
  const time = FIRST_TIME + blocks.length * SECONDS_PER_BLOCK;
  const previous = blocks.at(-1)?.hash ?? null;
  blocks.push({
    height, slot, time, previous, transactions,
    hash: hash(`block ${height} of fork ${forks}`),
    ledger: ledger.snapshot(),
  });
}

function submit(bytes) {
  const outcome = ledger.submitTx(bytes);
  if (!outcome.isSuccess) throw Object.assign(new Error(String(outcome.error)), { status: 400 });
  const tx = cardano.Transaction.from_bytes(bytes);
  const transaction = { id: outcome.txHash, bytes, tx, isValid: true };
  const made = tx.body().outputs();
  for (let at = 0; at < made.len(); at += 1) outputs.set(`${transaction.id}#${at}`, made.get(at));
  pool.push(transaction);
  return transaction.id;
}

function minePool() {
  const transactions = pool;
  pool = [];
  mine(transactions);
}

/** Takes blocks off the end. What was in them is submitted again, or forgotten. */
function rollBack(depth, again) {
  const gone = blocks.splice(blocks.length - depth, depth).flatMap((block) => block.transactions);
  const waiting = again ? [...gone, ...pool] : pool;
  ledger = blocks.at(-1).ledger.snapshot();
  forks += 1;
  pool = [];
  for (const transaction of waiting) submit(transaction.bytes);
}

function inputsOf(transaction) {
  const spent = transaction.tx.body().inputs();
  const found = [];
  for (let at = 0; at < spent.len(); at += 1) {
    const input = spent.get(at);
    const id = input.transaction_id().to_hex();
    const output = outputs.get(`${id}#${input.index()}`);
    found.push({
      address: output.address().to_bech32(), amount: amounts(output.amount()), tx_hash: id,
      output_index: input.index(), data_hash: null, inline_datum: null,
      reference_script_hash: null, collateral: false, reference: false,
    });
  }
  return found;
}

function outputsOf(transaction) {
  const made = transaction.tx.body().outputs();
  const found = [];
  for (let at = 0; at < made.len(); at += 1) {
    const output = made.get(at);
    found.push({
      address: output.address().to_bech32(), amount: amounts(output.amount()), output_index: at,
      data_hash: null, inline_datum: null, collateral: false, reference_script_hash: null,
      consumed_by_tx: null,
    });
  }
  return found;
}

function touchedBy(transaction) {
  const both = [...inputsOf(transaction), ...outputsOf(transaction)];
  return new Set(both.map((one) => one.address));
}

/** The chain as one node sees it. */
class View {
  constructor() {
    this.lag = 0;
    this.faults = [];
  }

  chain() {
    return blocks.slice(0, blocks.length - this.lag);
  }

  block(name) {
    const isWanted = (block) => block.hash === name || String(block.height) === name;
    return this.chain().find(isWanted) ?? notFound();
  }

  written(block) {
    const chain = this.chain();
    const at = chain.indexOf(block);
    return {
      time: block.time, height: block.height, hash: block.hash, slot: block.slot, epoch: 1,
      epoch_slot: block.slot, slot_leader: 'pool1double', size: 3,
      tx_count: block.transactions.length, output: null, fees: null, block_vrf: null,
      op_cert: null, op_cert_counter: null, previous_block: block.previous,
      next_block: chain[at + 1]?.hash ?? null, confirmations: chain.length - 1 - at,
    };
  }

  transaction(id) {
    for (const block of this.chain()) {
      const index = block.transactions.findIndex((transaction) => transaction.id === id);
      if (index >= 0) return { block, index, transaction: block.transactions[index] };
    }
    return notFound();
  }

  history(address) {
    return this.chain().flatMap((block) => block.transactions.flatMap((transaction, index) => {
      const entry = {
        tx_hash: transaction.id, tx_index: index, block_height: block.height,
        block_time: block.time,
      };
      return touchedBy(transaction).has(address) ? [entry] : [];
    }));
  }

  touched(block) {
    const by = new Map();
    for (const transaction of block.transactions) {
      for (const address of touchedBy(transaction)) {
        by.set(address, [...(by.get(address) ?? []), { tx_hash: transaction.id }]);
      }
    }
    const found = [...by].map(([address, transactions]) => ({ address, transactions }));
    return found.sort((one, other) => (one.address < other.address ? -1 : 1));
  }

  unspent(address) {
    return ledger.getUtxosForAddress(address).map((entry) => {
      const bytes = Buffer.from(entry);
      const { id, index } = inputAtStartOf(bytes);
      const output = outputs.get(`${id}#${index}`);
      return {
        address, tx_hash: id, tx_index: index, output_index: index,
        amount: amounts(output.amount()), block: blocks[0].hash, data_hash: null,
        inline_datum: null, reference_script_hash: null,
      };
    });
  }
}

/** A ledger entry begins with a map of one, an array of two, 32 bytes and a small number. */
function inputAtStartOf(bytes) {
  const at = bytes.indexOf(Buffer.from([0x58, 0x20]));
  const id = bytes.subarray(at + 2, at + 34).toString('hex');
  const head = bytes[at + 34];
  if (head < 24) return { id, index: head };
  if (head === 24) return { id, index: bytes[at + 35] };
  return { id, index: bytes.readUInt16BE(at + 35) };
}

function notFound() {
  const message = 'The requested component has not been found.';
  throw Object.assign(new Error(message), { status: 404 });
}

function page(items, query) {
  const ordered = query.get('order') === 'desc' ? [...items].reverse() : items;
  const count = Number(query.get('count') ?? COUNT_DEFAULT);
  if (!(count >= 1 && count <= 100)) {
    throw Object.assign(new Error('querystring/count must be <= 100'), { status: 400 });
  }
  const from = (Number(query.get('page') ?? 1) - 1) * count;
  return ordered.slice(from, from + count);
}

const READS = [
  ['/blocks/latest', /^\/blocks\/latest$/, (view) => view.written(view.chain().at(-1))],
  ['/blocks/{hash_or_number}', /^\/blocks\/(\w+)$/, (view, [, name]) =>
    view.written(view.block(name))],
  ['/blocks/{hash_or_number}/next', /^\/blocks\/(\w+)\/next$/, (view, [, name], query) => {
    const chain = view.chain();
    const after = chain.slice(chain.indexOf(view.block(name)) + 1);
    return page(after, query).map((block) => view.written(block));
  }],
  ['/blocks/{hash_or_number}/previous', /^\/blocks\/(\w+)\/previous$/, (view, [, name], query) => {
    const chain = view.chain();
    const before = chain.slice(0, chain.indexOf(view.block(name))).reverse();
    return page(before, query).reverse().map((block) => view.written(block));
  }],
  ['/blocks/{hash_or_number}/txs', /^\/blocks\/(\w+)\/txs$/, (view, [, name], query) =>
    page(view.block(name).transactions.map((transaction) => transaction.id), query)],
  ['/blocks/{hash_or_number}/addresses', /^\/blocks\/(\w+)\/addresses$/, (view, [, name], query) =>
    page(view.touched(view.block(name)), query)],
  ['/txs/{hash}', /^\/txs\/(\w+)$/, (view, [, id]) => {
    const { block, index, transaction } = view.transaction(id);
    return {
      hash: id, block: block.hash, block_height: block.height, block_time: block.time,
      slot: block.slot, index, output_amount: [], fees: transaction.tx.body().fee().to_str(),
      deposit: '0', size: transaction.bytes.length, invalid_before: null,
      invalid_hereafter: null, utxo_count: 0, withdrawal_count: 0, mir_cert_count: 0,
      delegation_count: 0, stake_cert_count: 0, pool_update_count: 0, pool_retire_count: 0,
      asset_mint_or_burn_count: 0, redeemer_count: 0, valid_contract: transaction.isValid,
      treasury_donation: '0',
    };
  }],
  ['/txs/{hash}/utxos', /^\/txs\/(\w+)\/utxos$/, (view, [, id]) => {
    const { transaction } = view.transaction(id);
    return { hash: id, inputs: inputsOf(transaction), outputs: outputsOf(transaction) };
  }],
  ['/addresses/{address}/transactions', /^\/addresses\/(\w+)\/transactions$/,
    (view, [, address], query) => {
      const entries = view.history(address);
      return entries.length === 0 ? notFound() : page(entries, query);
    }],
  ['/addresses/{address}/utxos', /^\/addresses\/(\w+)\/utxos$/, (view, [, address], query) =>
    page(view.unspent(address), query)],
];

const ACTS = {
  mine: ({ count }) => { for (let at = 0; at < (count ?? 1); at += 1) minePool(); },
  hold: ({ on }) => { isHolding = on; },
  roll_back: ({ depth, again }) => rollBack(depth, again),
  // What a failed script would do cannot be had from a signed payment alone.
  invalidate: ({ hash: id }) => { new View().transaction(id).transaction.isValid = false; },
  lag: ({ view, blocks: lag }) => { viewOf(view).lag = lag; },
  faults: ({ view, faults }) => { viewOf(view).faults = faults; },
};

function viewOf(name) {
  if (!views.has(name)) views.set(name, new View());
  return views.get(name);
}

/** Blockfrost's own schema decides whether this may be sent. */
function checked(path, answer) {
  if (!checks.has(path)) checks.set(path, ajv.compile(schemas[path].response['200']));
  const check = checks.get(path);
  if (!check(answer)) {
    const text = `${path} does not fit the schema: ${JSON.stringify(check.errors)}`;
    throw Object.assign(new Error(text), { status: 599 });
  }
  return answer;
}

function read(view, url) {
  for (const [path, pattern, answer] of READS) {
    const found = url.pathname.match(pattern);
    if (found) return checked(path, answer(view, found, url.searchParams));
  }
  return notFound();
}

/** What a broken node sends instead: a status and a text, for every path that contains another. */
function faultOf(view, path) {
  const fault = view.faults.find((one) => path.includes(one.path) && one.times !== 0);
  if (fault?.times) fault.times -= 1;
  return fault;
}

async function respond(request, response) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const url = new URL(request.url, 'http://double');
  const send = (status, text) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(text);
  };
  try {
    const act = url.pathname.match(/^\/test\/(\w+)$/);
    if (act) return send(200, JSON.stringify(ACTS[act[1]](JSON.parse(body)) ?? null));
    const [, name, path] = url.pathname.match(/^\/view\/(\w+)(\/.*)$/) ?? notFound();
    const view = viewOf(name);
    const fault = faultOf(view, path);
    if (fault) return send(fault.status, fault.text);
    if (request.method === 'POST' && path === '/tx/submit') {
      const id = checked('/tx/submit', submit(body));
      if (!isHolding) minePool();
      return send(200, JSON.stringify(id));
    }
    url.pathname = path;
    return send(200, JSON.stringify(read(view, url)));
  } catch (error) {
    const status = error.status ?? 500;
    const word = status === 404 ? 'Not Found' : 'Bad Request';
    return send(status, JSON.stringify({
      status_code: status, error: word, message: String(error.message ?? error),
    }));
  }
}

for (let at = 0; at < 3; at += 1) mine([]);
const server = http.createServer(respond);
server.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ port: server.address().port, policy: POLICY }));
});
