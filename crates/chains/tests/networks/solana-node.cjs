// Surfpool, which is the real virtual machine of Solana behind JSON-RPC, with a wallet made of the
// network's own JavaScript libraries, for the tests of the solana family.
//
// A DOUBLE IN PARTS: programs, balances, fees and signatures are Surfpool's. Its blocks are not
// chained and some of its answers are laxer than a validator's, so this program, between it and
// the tests, speaks for a validator: it chains the blocks (hashes, parents), tells times in
// seconds, hides what is not final and answers with a validator's error codes. It also misbehaves
// on demand: every path of its URL is a node of its own, with faults of its own.
//
// Prints {"url", "wallet", "genesis", "mints"} on its first line and runs until it is killed.

const http = require('node:http');
const { createHash } = require('node:crypto');
const { Surfnet } = require('@solana/surfpool-linux-x64-gnu');
const web3 = require('@solana/web3.js');
const spl = require('@solana/spl-token');

const DECIMALS = 6;
const FEE_BASIS_POINTS = 100;
const LEGACY = spl.TOKEN_PROGRAM_ID;
const TOKEN_2022 = spl.TOKEN_2022_PROGRAM_ID;

const surfnet = Surfnet.startWithConfig({
  offline: true,
  blockProductionMode: 'transaction',
  slotTimeMs: 400,
  airdropSol: 1e12,
});
const connection = new web3.Connection(surfnet.rpcUrl, { commitment: 'processed' });
const payer = web3.Keypair.fromSecretKey(Uint8Array.from(surfnet.payerSecretKey));
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function raw(method, params = []) {
  const response = await fetch(surfnet.rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  return response.json();
}

async function surfpool(method, params) {
  const { result, error } = await raw(method, params);
  if (error) throw new Error(`${method}: ${error.code} ${error.message}`);
  return result;
}

// ---- the node -----------------------------------------------------------------------------------

let firstSlot = 0;
let salt = 'first network';
const views = new Map();
const hashes = new Map();

function viewOf(path) {
  if (!views.has(path)) {
    views.set(path, { skipped: [], forgotten: [], notYet: [], unlisted: [], answers: {} });
  }
  return views.get(path);
}

const hashOf = (text) =>
  new web3.PublicKey(createHash('sha256').update(text).digest()).toBase58();

async function finalSlot(view) {
  const slot = await surfpool('getSlot', [{ commitment: 'finalized' }]);
  return Math.min(slot, view.lagsAt ?? slot);
}

/** The hash of a slot's block: of this network, this slot and what Surfpool says of it. */
async function hashIn(slot, view) {
  const name = `${view.salt ?? salt} ${slot}`;
  if (!hashes.has(name)) {
    const block = await surfpool('getBlock', [slot, blockOptions('none')]);
    hashes.set(name, hashOf(`${name} ${block.blockhash}`));
  }
  return hashes.get(name);
}

const blockOptions = (transactionDetails) => ({
  encoding: 'json',
  transactionDetails,
  rewards: false,
  maxSupportedTransactionVersion: 0,
  commitment: 'finalized',
});

const refusal = (code, message) => ({ error: { code, message } });

async function getBlock(view, [slot, options]) {
  if (view.forgotten.includes(slot)) return refusal(-32001, `Block ${slot} cleaned up`);
  if (view.skipped.includes(slot)) return refusal(-32007, `Slot ${slot} was skipped`);
  const isHere = slot <= (await finalSlot(view)) && !view.notYet.includes(slot);
  if (!isHere) return refusal(-32004, `Block not available for slot ${slot}`);
  if (slot < firstSlot) return refusal(-32001, `Block ${slot} cleaned up`);
  const block = await surfpool('getBlock', [slot, options]);
  if (!block) return refusal(-32004, `Block not available for slot ${slot}`);
  let parent = slot - 1;
  while (view.skipped.includes(parent)) parent -= 1;
  block.parentSlot = parent;
  block.blockhash = await hashIn(slot, view);
  block.previousBlockhash =
    parent < firstSlot ? hashOf(`before ${salt}`) : await hashIn(parent, view);
  if (!view.keepsWrongTimes) block.blockTime *= 1000;
  const isNewer = view.transactionVersion > (options.maxSupportedTransactionVersion ?? -1);
  if (isNewer && block.transactions?.length > 0) {
    return refusal(-32015, `Transaction version (${view.transactionVersion}) is not supported`);
  }
  if (view.breaksLinks) block.previousBlockhash = hashOf('another chain');
  return { result: block };
}

async function getBlocks(view, [first, last]) {
  const end = Math.min(last, await finalSlot(view));
  const slots = [];
  for (let slot = Math.max(first, firstSlot); slot <= end; slot += 1) {
    const isHidden = view.skipped.includes(slot) || view.unlisted.includes(slot);
    if (!isHidden) slots.push(slot);
  }
  return { result: slots };
}

async function getTransaction(view, params) {
  const { result, error } = await raw('getTransaction', params);
  if (error) return { error };
  const isHidden = !result || (!view.showsUnfinal && result.slot > (await finalSlot(view)));
  return { result: isHidden ? null : { ...result, blockTime: result.blockTime * 1000 } };
}

async function getSignaturesForAddress(view, [address, options]) {
  if (options.before && !(await surfpool('getTransaction', [options.before, {}]))) {
    return refusal(-32020, `Transaction ${options.before} not found`);
  }
  const { result, error } = await raw('getSignaturesForAddress', [address, options]);
  const final = await finalSlot(view);
  return error ? { error } : { result: result.filter((line) => line.slot <= final) };
}

async function answer(view, { method, params }) {
  if (method in view.answers) return view.answers[method];
  switch (method) {
    case 'getSlot':
      return { result: await finalSlot(view) };
    case 'getGenesisHash':
      return { result: hashOf(view.salt ?? salt) };
    case 'getBlock':
      return getBlock(view, params);
    case 'getBlocks':
      return getBlocks(view, params);
    case 'getTransaction':
      return getTransaction(view, params);
    case 'getSignaturesForAddress':
      return getSignaturesForAddress(view, params);
    default: {
      const { result, error } = await raw(method, params);
      return error ? { error } : { result };
    }
  }
}

// ---- the wallet ---------------------------------------------------------------------------------

const mints = {};

async function send(transaction, signers) {
  const { blockhash } = await connection.getLatestBlockhash();
  if (transaction instanceof web3.Transaction) {
    transaction.recentBlockhash = blockhash;
    transaction.feePayer = payer.publicKey;
    transaction.sign(...signers);
  } else {
    transaction.message.recentBlockhash = blockhash;
    transaction.sign(signers);
  }
  const options = { skipPreflight: true };
  const signature = await connection.sendRawTransaction(transaction.serialize(), options);
  for (let tries = 0; tries < 2000; tries += 1) {
    const { value } = await connection.getSignatureStatuses([signature]);
    if (value[0]) return { signature, error: value[0].err };
    await pause(5);
  }
  throw new Error(`${signature} was never included`);
}

async function sendWell(transaction, signers) {
  const { signature, error } = await send(transaction, signers);
  if (error) throw new Error(`${signature}: ${JSON.stringify(error)}`);
  return signature;
}

async function makeMint(program, extensions) {
  const mint = web3.Keypair.generate();
  const space = spl.getMintLen(extensions.map(([extension]) => extension));
  const source = spl.getAssociatedTokenAddressSync(mint.publicKey, payer.publicKey, true, program);
  const transaction = new web3.Transaction().add(
    web3.SystemProgram.createAccount({
      fromPubkey: payer.publicKey,
      newAccountPubkey: mint.publicKey,
      space,
      lamports: await connection.getMinimumBalanceForRentExemption(space),
      programId: program,
    }),
    ...extensions.map(([, instruction]) => instruction(mint.publicKey)),
    spl.createInitializeMintInstruction(mint.publicKey, DECIMALS, payer.publicKey, null, program),
    accountOf(payer.publicKey, mint.publicKey, program),
    spl.createMintToInstruction(mint.publicKey, source, payer.publicKey, 10n ** 15n, [], program),
  );
  await sendWell(transaction, [payer, mint]);
  return { address: mint.publicKey, program };
}

/** Makes the owner's account of a mint, if there is none. */
function accountOf(owner, mint, program) {
  const account = spl.getAssociatedTokenAddressSync(mint, owner, true, program);
  return spl.createAssociatedTokenAccountIdempotentInstruction(
    payer.publicKey, account, owner, mint, program,
  );
}

function step({ asset, to, amount, reference }) {
  const owner = new web3.PublicKey(to);
  const keys = (reference ?? []).map((key) => ({
    pubkey: new web3.PublicKey(key), isSigner: false, isWritable: false,
  }));
  if (asset === 'native') {
    const transfer = web3.SystemProgram.transfer({
      fromPubkey: payer.publicKey, toPubkey: owner, lamports: BigInt(amount),
    });
    transfer.keys.push(...keys);
    return [transfer];
  }
  const { address, program } = mints[asset];
  const [from, account] = [payer.publicKey, owner].map((holder) =>
    spl.getAssociatedTokenAddressSync(address, holder, true, program),
  );
  const transfer = spl.createTransferCheckedInstruction(
    from, address, account, payer.publicKey, BigInt(amount), DECIMALS, [], program,
  );
  transfer.keys.push(...keys);
  return [accountOf(owner, address, program), transfer];
}

/** A transaction that names the receivers through a look-up table, as programs' wallets do. */
async function versioned(instructions) {
  const slotHashes = await connection.getAccountInfo(web3.SYSVAR_SLOT_HASHES_PUBKEY);
  const recentSlot = slotHashes.data.readBigUInt64LE(8);
  const [create, table] = web3.AddressLookupTableProgram.createLookupTable({
    authority: payer.publicKey, payer: payer.publicKey, recentSlot,
  });
  const keys = instructions.flatMap(({ keys }) => keys);
  const addresses = keys.filter(({ isSigner }) => !isSigner).map(({ pubkey }) => pubkey);
  const extend = web3.AddressLookupTableProgram.extendLookupTable({
    lookupTable: table, authority: payer.publicKey, payer: payer.publicKey, addresses,
  });
  await sendWell(new web3.Transaction().add(create, extend), [payer]);
  await pass(2);
  const { value } = await connection.getAddressLookupTable(table);
  const { blockhash } = await connection.getLatestBlockhash();
  const message = new web3.TransactionMessage({
    payerKey: payer.publicKey, recentBlockhash: blockhash, instructions,
  });
  return new web3.VersionedTransaction(message.compileToV0Message([value]));
}

async function pass(slots) {
  const slot = await surfpool('getSlot', [{ commitment: 'processed' }]);
  await surfpool('surfnet_timeTravel', [{ absoluteSlot: slot + slots }]);
}

const commands = {
  /** One transaction of several payments; `fails` adds one that cannot succeed. */
  async pay({ steps, fails, isVersioned }) {
    const tooMuch = { asset: 'usdc', to: steps[0].to, amount: '9'.repeat(18) };
    const all = fails ? [...steps, tooMuch] : steps;
    const instructions = all.flatMap(step);
    const transaction = isVersioned
      ? await versioned(instructions)
      : new web3.Transaction().add(...instructions);
    const { signature, error } = await send(transaction, [payer]);
    if (Boolean(error) !== Boolean(fails)) throw new Error(JSON.stringify(error));
    return { signature };
  },
  /** Lets so many slots pass; a block is final after 31. */
  async pass({ slots }) {
    await pass(slots);
    return { final: await surfpool('getSlot', [{ commitment: 'finalized' }]) };
  },
  /** So many blocks, which is how blockhashes age; each holds a payment to nobody. */
  async blocks({ count }) {
    const nobody = new web3.PublicKey(hashOf('nobody')).toBase58();
    for (let made = 0; made < count; made += 1) {
      const amount = String(1_000_000 + made);
      const instructions = step({ asset: 'native', to: nobody, amount });
      await sendWell(new web3.Transaction().add(...instructions), [payer]);
    }
    return {};
  },
  /** Signs and sends, as a payor's wallet does, what somebody else composed. */
  async sign({ raw }) {
    const transaction = web3.Transaction.from(Buffer.from(raw, 'base64'));
    transaction.partialSign(payer);
    const bytes = transaction.serialize();
    const signature = await connection.sendRawTransaction(bytes, { skipPreflight: true });
    for (let tries = 0; tries < 2000; tries += 1) {
      const { value } = await connection.getSignatureStatuses([signature]);
      if (value[0]) return { signature, error: value[0].err, signed: bytes.toString('base64') };
      await pause(5);
    }
    throw new Error(`${signature} was never included`);
  },
  /** What web3.js makes of a transaction somebody else signed, and where an owner's tokens lie. */
  async parsed({ raw, owner }) {
    const transaction = web3.Transaction.from(Buffer.from(raw, 'base64'));
    const told = { feePayer: transaction.feePayer, blockhash: transaction.recentBlockhash };
    told.isVerified = transaction.verifySignatures(true);
    told.signers = transaction.signatures.map(({ publicKey }) => publicKey);
    told.tokenAccounts = Object.fromEntries(
      Object.entries(mints).map(([name, { address, program }]) => [
        name, spl.getAssociatedTokenAddressSync(address, new web3.PublicKey(owner), true, program),
      ]),
    );
    told.instructions = transaction.instructions.map((instruction) => {
      const { programId } = instruction;
      if (programId.equals(web3.SystemProgram.programId)) {
        const { fromPubkey, toPubkey, lamports } =
          web3.SystemInstruction.decodeTransfer(instruction);
        return { is: 'coins', from: fromPubkey, to: toPubkey, amount: String(lamports) };
      }
      if (programId.equals(LEGACY) || programId.equals(TOKEN_2022)) {
        const { keys, data } = spl.decodeTransferCheckedInstruction(instruction, programId);
        const [from, mint, to, owner] =
          ['source', 'mint', 'destination', 'owner'].map((name) => keys[name].pubkey);
        const { amount, decimals } = data;
        return { is: 'tokens', from, mint, to, owner, amount: String(amount), decimals };
      }
      if (programId.equals(web3.ComputeBudgetProgram.programId)) {
        return { is: web3.ComputeBudgetInstruction.decodeInstructionType(instruction) };
      }
      return { is: programId, accounts: instruction.keys.map(({ pubkey }) => pubkey) };
    });
    return told;
  },
  async faults({ view, ...faults }) {
    Object.assign(viewOf(view), faults);
    return {};
  },
  /** Everything ever sent is gone, and the network is another one. */
  async reset() {
    await surfpool('surfnet_resetNetwork', []);
    surfnet.fundSol(payer.publicKey.toBase58(), 1e12);
    salt = 'second network';
    return {};
  },
};

// ---- both, over HTTP ----------------------------------------------------------------------------

async function body(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return JSON.parse(text);
}

async function respond(request) {
  const asked = await body(request);
  if (request.url.startsWith('/command/')) return commands[request.url.slice(9)](asked);
  const view = viewOf(request.url);
  if (view.garbage) return view.garbage;
  return { jsonrpc: '2.0', id: asked.id, ...(await answer(view, asked)) };
}

const server = http.createServer((request, response) => {
  respond(request).then(
    (told) => response.end(JSON.stringify(told)),
    (error) => {
      console.error(error);
      response.statusCode = 500;
      response.end(String(error.stack));
    },
  );
});

async function main() {
  mints.usdc = await makeMint(LEGACY, []);
  mints.fake = await makeMint(LEGACY, []);
  const fee = (mint) =>
    spl.createInitializeTransferFeeConfigInstruction(
      mint, payer.publicKey, payer.publicKey, FEE_BASIS_POINTS, 10n ** 12n, TOKEN_2022,
    );
  mints.taxed = await makeMint(TOKEN_2022, [[spl.ExtensionType.TransferFeeConfig, fee]]);
  firstSlot = await surfpool('getFirstAvailableBlock', []);
  await pass(70);
  server.listen(0, '127.0.0.1', () => {
    const named = Object.entries(mints).map(([name, { address }]) => [name, address.toBase58()]);
    const url = `http://127.0.0.1:${server.address().port}`;
    const wallet = payer.publicKey.toBase58();
    const genesis = hashOf(salt);
    console.log(JSON.stringify({ url, wallet, genesis, mints: Object.fromEntries(named) }));
  });
}

main();
setInterval(() => surfnet.drainEvents(), 1000);
