// A wallet that knows nothing of Pepay: builds and signs Cardano transactions with Emurgo's library
// and submits them to a Blockfrost.
//
// Writes one line of JSON: port and the addresses of its keys. POST /pay with
// { node, from, to: [{ address, lovelace, assets }], signer, again } answers { hash } or { error }.
'use strict';
const http = require('node:http');
const cardano = require('@emurgo/cardano-serialization-lib-nodejs');

const KEYS = 130;
const TESTNET = 0;
const number = (text) => cardano.BigNum.from_str(String(text));

const keyOf = (byte) => cardano.PrivateKey.from_normal_bytes(Buffer.alloc(32, byte));
const credential = (key) => cardano.Credential.from_keyhash(key.to_public().hash());
const stake = credential(keyOf(255));
const keys = Array.from({ length: KEYS }, (_, at) => {
  const payment = keyOf(at + 1);
  const base = cardano.BaseAddress.new(TESTNET, credential(payment), stake);
  return { payment, address: base.to_address().to_bech32() };
});

function builder() {
  const fee = cardano.LinearFee.new(number(44), number(155381));
  const config = cardano.TransactionBuilderConfigBuilder.new()
    .fee_algo(fee).pool_deposit(number(500000000)).key_deposit(number(2000000))
    .max_value_size(5000).max_tx_size(16384).coins_per_utxo_byte(number(4310)).build();
  return cardano.TransactionBuilder.new(config);
}

function valueOf(lovelace, assets) {
  const value = cardano.Value.new(number(lovelace));
  const all = cardano.MultiAsset.new();
  for (const [unit, quantity] of Object.entries(assets ?? {})) {
    const policy = cardano.ScriptHash.from_hex(unit.slice(0, 56));
    const name = cardano.AssetName.new(Buffer.from(unit.slice(56), 'hex'));
    all.set_asset(policy, name, number(quantity));
  }
  if (all.len() > 0) value.set_multiasset(all);
  return value;
}

async function unspent(node, address) {
  const response = await fetch(`${node}/addresses/${address}/utxos`);
  const found = cardano.TransactionUnspentOutputs.new();
  for (const entry of await response.json()) {
    const id = cardano.TransactionHash.from_hex(entry.tx_hash);
    const assets = entry.amount.filter((one) => one.unit !== 'lovelace');
    const ada = entry.amount.find((one) => one.unit === 'lovelace').quantity;
    const pairs = Object.fromEntries(assets.map((one) => [one.unit, one.quantity]));
    const owner = cardano.Address.from_bech32(address);
    const output = cardano.TransactionOutput.new(owner, valueOf(ada, pairs));
    const input = cardano.TransactionInput.new(id, entry.output_index);
    found.add(cardano.TransactionUnspentOutput.new(input, output));
  }
  return found;
}

let last;

async function build({ node, from, to, signer }) {
  const transaction = builder();
  for (const { address, lovelace, assets } of to) {
    const output = cardano.TransactionOutput.new(
      cardano.Address.from_bech32(address), valueOf(lovelace, assets));
    transaction.add_output(output);
  }
  const strategy = cardano.CoinSelectionStrategyCIP2.LargestFirstMultiAsset;
  transaction.add_inputs_from(await unspent(node, keys[from].address), strategy);
  transaction.add_change_if_needed(cardano.Address.from_bech32(keys[from].address));
  const signed = cardano.FixedTransaction.new_from_body_bytes(transaction.build().to_bytes());
  signed.sign_and_add_vkey_signature(keys[signer ?? from].payment);
  return Buffer.from(signed.to_bytes());
}

async function pay(ask) {
  const bytes = ask.again ? last : await build(ask);
  last = bytes;
  const headers = { 'content-type': 'application/cbor' };
  const response = await fetch(`${ask.node}/tx/submit`, { method: 'POST', headers, body: bytes });
  const answer = await response.json();
  return response.ok ? { hash: answer } : { error: answer.message };
}

const server = http.createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  let answer;
  try {
    answer = await pay(JSON.parse(Buffer.concat(chunks)));
  } catch (error) {
    answer = { failed: String(error.stack ?? error) };
  }
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(answer));
});
server.listen(0, '127.0.0.1', () => {
  const addresses = keys.map((key) => key.address);
  console.log(JSON.stringify({ port: server.address().port, addresses }));
});
