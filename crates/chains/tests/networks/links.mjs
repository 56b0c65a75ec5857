// Reads payment links with other people's parsers: a JSON array of links on standard input, an
// array of what each says on standard output. The first argument is the directory the packages are
// installed in. A link that its parser refuses ends the program with a complaint.

import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import assert from 'node:assert/strict';

const require = createRequire(`${process.argv[2]}/`);

/** EIP-681, by the parser that MetaMask's own app is built with. */
function evm(uri) {
  const { parse } = require('eth-url-parser');
  const { getAddress } = require('ethers');
  const BigNumber = require('bignumber.js');
  const said = parse(uri);
  assert.equal(said.scheme, 'ethereum');
  const isCall = said.function_name !== undefined;
  const names = Object.keys(said.parameters).sort();
  assert.deepEqual(names, isCall ? ['address', 'uint256'] : ['value']);
  if (isCall) assert.equal(said.function_name, 'transfer');
  const to = isCall ? said.parameters.address : said.target_address;
  assert.equal(getAddress(to), to, 'the checksum of EIP-55');
  return {
    to,
    token: isCall ? getAddress(said.target_address) : null,
    chain_id: Number(said.chain_id),
    base_amount: new BigNumber(said.parameters[isCall ? 'uint256' : 'value']).toFixed(),
  };
}

/** Solana Pay, by its own library, and a transfer made as the library makes it. */
async function solana(uri) {
  const pay = require('@solana/pay');
  const web3 = require('@solana/web3.js');
  const spl = require('@solana/spl-token');
  const said = pay.parseURL(uri);
  const payer = web3.Keypair.generate().publicKey;
  const account = (owner) => spl.getAssociatedTokenAddressSync(said.splToken, owner, true);
  const transfer = said.splToken
    ? spl.createTransferCheckedInstruction(
        account(payer), said.splToken, account(said.recipient), payer, 1n, 6)
    : web3.SystemProgram.transfer({ fromPubkey: payer, toPubkey: said.recipient, lamports: 1 });
  for (const pubkey of said.reference) {
    transfer.keys.push({ pubkey, isSigner: false, isWritable: false });
  }
  const lifetime = { blockhash: web3.PublicKey.default.toBase58(), lastValidBlockHeight: 1 };
  const message = new web3.Transaction({ feePayer: payer, ...lifetime }).add(transfer)
    .compileMessage();
  // What `getSignaturesForAddress` of the recipient would find.
  assert(message.accountKeys.some((key) => key.equals(said.recipient)), 'the transfer is findable');
  if (!said.splToken) {
    // The library's own check of a transfer that happened: before, nobody had anything.
    const lamports = said.amount.times(web3.LAMPORTS_PER_SOL).toNumber();
    const meta = {
      err: null,
      preBalances: message.accountKeys.map(() => 0),
      postBalances: message.accountKeys.map(() => lamports),
    };
    const transaction = { message, signatures: [web3.PublicKey.default.toBase58()] };
    const happened = { getTransaction: async () => ({ transaction, meta }) };
    await pay.validateTransfer(happened, '', said);
  }
  assert.equal(said.memo, undefined);
  return {
    to: said.recipient.toBase58(),
    token: said.splToken?.toBase58() ?? null,
    whole_amount: said.amount.toFixed(),
    references: said.reference.map((key) => key.toBase58()),
    label: said.label,
    message: said.message ?? null,
  };
}

/** `ton://transfer`: its parts by the platform's URL, its addresses by TON's own library. */
function ton(uri) {
  const { Address } = require('@ton/core');
  const url = new URL(uri);
  assert.deepEqual([url.protocol, url.host], ['ton:', 'transfer']);
  for (const name of url.searchParams.keys()) assert(['amount', 'jetton', 'text'].includes(name));
  const to = url.pathname.slice(1);
  assert.equal(Address.parseFriendly(to).isBounceable, false, 'a new wallet must not bounce');
  const jetton = url.searchParams.get('jetton');
  return {
    to,
    is_test_only: Address.parseFriendly(to).isTestOnly,
    token: jetton && Address.parse(jetton).toRawString(),
    base_amount: BigInt(url.searchParams.get('amount')).toString(),
    id: url.searchParams.get('text'),
  };
}

/** CIP-13, by its own grammar, and the address by Emurgo's library. */
function cardano(uri) {
  const { Address } = require('@emurgo/cardano-serialization-lib-nodejs');
  const grammar = /^web\+cardano:([a-z0-9_]+)(?:\?amount=([0-9]+(?:\.[0-9]+)?))?$/;
  const [, to, amount] = grammar.exec(uri);
  const url = new URL(uri);
  assert.deepEqual([url.protocol, url.pathname], ['web+cardano:', to]);
  return { to, network_id: Address.from_bech32(to).network_id(), whole_amount: amount ?? null };
}

/** Sui Payment Kit, by its own library. */
function sui(uri) {
  const { parsePaymentTransactionUri } = require('@mysten/payment-kit');
  const said = parsePaymentTransactionUri(uri);
  assert.deepEqual([said.registryId, said.registryName], [undefined, undefined]);
  return {
    to: said.receiverAddress,
    token: said.coinType,
    base_amount: said.amount.toString(),
    id: said.nonce,
    label: said.label,
    message: said.message ?? null,
  };
}

const readers = { ethereum: evm, solana, ton, 'web+cardano': cardano, sui };
const said = [];
for (const uri of JSON.parse(readFileSync(0, 'utf8'))) {
  try {
    said.push(await readers[uri.slice(0, uri.indexOf(':'))](uri));
  } catch (error) {
    console.error(`${uri}\n${error.stack}`);
    process.exit(1);
  }
}
console.log(JSON.stringify(said));
