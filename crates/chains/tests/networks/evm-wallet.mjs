// The foreign wallet of the EVM tests: ethers signs and sends what a line of standard input says.
//
// With the argument `compile` it prints evm-tokens.sol as solc compiles it. Else the argument is a
// node's URL, and the first line of input what was printed so; the first line of output are the
// addresses of the contracts, now deployed. Then, for each line of input, a JSON array of a command
// and its arguments, one line of output: the transaction's receipt, or {"error": ...}.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

import { ethers } from 'ethers';

const require = createRequire(import.meta.url);
const WORDS = 'test test test test test test test test test test test junk';
const GAS = 400_000n;

function compiled() {
  const solc = require('solc');
  const own = new URL('./evm-tokens.sol', import.meta.url);
  const input = {
    language: 'Solidity',
    sources: { 'evm-tokens.sol': { content: readFileSync(own, 'utf8') } },
    settings: {
      evmVersion: 'paris',
      outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
    },
  };
  const read = (path) => ({ contents: readFileSync(require.resolve(path), 'utf8') });
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: read }));
  const errors = (output.errors ?? []).filter((error) => error.severity === 'error');
  if (errors.length > 0) throw new Error(errors[0].formattedMessage);
  return output.contracts['evm-tokens.sol'];
}

if (process.argv[2] === 'compile') {
  // More than a pipe holds at once: what is not written yet is lost at the exit.
  await new Promise((done) => process.stdout.write(`${JSON.stringify(compiled())}\n`, done));
  process.exit(0);
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const artifacts = JSON.parse((await lines.next()).value);
const provider = new ethers.JsonRpcProvider(process.argv[2], undefined, {
  cacheTimeout: -1,
  pollingInterval: 20,
  batchMaxCount: 1,
});
const path = "m/44'/60'/0'/0/0";
const wallet = ethers.HDNodeWallet.fromPhrase(WORDS, undefined, path).connect(provider);
const sender = new ethers.NonceManager(wallet);
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

// Asked for until it is there. What ethers waits for is the next block, and it waits for ever if
// that one came between its first look and its second.
async function receiptOf(hash) {
  for (let tries = 0; tries < 1_000; tries += 1) {
    const receipt = await provider.getTransactionReceipt(hash);
    if (receipt) return receipt;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`${hash} was never included`);
}

const contracts = {};
const addresses = { sender: wallet.address };
for (const [name, { abi, evm }] of Object.entries(artifacts)) {
  const contract = await new ethers.ContractFactory(abi, evm.bytecode.object, sender).deploy();
  await receiptOf(contract.deploymentTransaction().hash);
  contracts[name] = contract;
  addresses[name] = await contract.getAddress();
}
say(addresses);

async function mined(sent) {
  const receipt = await receiptOf((await sent).hash);
  const { hash, blockNumber, blockHash, status } = receipt;
  return { hash, blockNumber, blockHash, status };
}

const commands = {
  token: (name, to, amount) => mined(contracts[name].transfer(to, amount, { gasLimit: GAS })),
  mint: (name, to, amount) => mined(contracts[name].mint(to, amount, { gasLimit: GAS })),
  twice: (to, first, second) =>
    mined(contracts.Dollar.transferTwice(to, first, second, { gasLimit: GAS })),
  pretend: (to, amount) => mined(contracts.Pretender.pretend(to, amount, { gasLimit: GAS })),
  beside: (to, amount) =>
    mined(contracts.Pretender.pretendBeside(addresses.Dollar, to, amount, { gasLimit: GAS })),
  coins: (to, value) => mined(sender.sendTransaction({ to, value, gasLimit: 21_000n })),
  forward: (to, value) => mined(contracts.Forwarder.forward(to, { value, gasLimit: GAS })),
  halves: (one, other, value) =>
    mined(contracts.Forwarder.forwardHalves(one, other, { value, gasLimit: GAS })),
  fail: (to, amount, value) =>
    mined(contracts.Failing.payAndFail(addresses.Dollar, to, amount, { value, gasLimit: GAS })),
  // Sent and not waited for: several may share a block.
  submit: async (name, to, amount) => ({
    hash: (await contracts[name].transfer(to, amount, { gasLimit: GAS })).hash,
  }),
  // Signed and not sent, for a block that replaces another.
  signed: async (name, to, amount, nonce) => {
    const request = await contracts[name].transfer.populateTransaction(to, amount);
    const full = await wallet.populateTransaction({ ...request, nonce, gasLimit: GAS });
    return { raw: await wallet.signTransaction(full) };
  },
  // What ethers makes of a transaction somebody else signed; it recovers the sender itself.
  parsed: async (raw) => {
    const one = ethers.Transaction.from(raw);
    const { hash, from, to, nonce, type, data } = one;
    const numbers = {};
    const names = ['chainId', 'value', 'gasLimit', 'maxFeePerGas', 'maxPriorityFeePerGas'];
    for (const name of names) numbers[name] = String(one[name]);
    return { hash, from, to, nonce, type, data, isSigned: one.isSigned(), ...numbers };
  },
  transferData: async (to, amount) => ({
    data: contracts.Dollar.interface.encodeFunctionData('transfer', [to, amount]),
  }),
  nonce: async () => ({ nonce: await provider.getTransactionCount(wallet.address) }),
  // After a reorg the node's count is true, not ours.
  forget: async () => {
    sender.reset();
    return {};
  },
};

for await (const line of lines) {
  const [command, ...given] = JSON.parse(line);
  try {
    say(await commands[command](...given));
  } catch (error) {
    say({ error: String(error.message).slice(0, 300) });
  }
}
