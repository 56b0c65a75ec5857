// A wallet of Mysten's own SDK: builds and signs payments without a node.
//
// Argument: JSON, a list of { key, gas, price, payments: [{ to, amount, coin }] }, where `key` is
// 32 bytes in hex and coins are { objectId, version, digest }; without `coin` the gas coin pays.
// Output: one line of JSON, a list of { sender, digest, transaction, signature }.

import { Ed25519Keypair } from '@mysten/sui/keypairs/ed25519';
import { Inputs, Transaction } from '@mysten/sui/transactions';

const signed = [];
for (const { key, gas, payments } of JSON.parse(process.argv[2])) {
  const keypair = Ed25519Keypair.fromSecretKey(Uint8Array.from(Buffer.from(key, 'hex')));
  const transaction = new Transaction();
  transaction.setSender(keypair.toSuiAddress());
  transaction.setGasPrice(1000);
  transaction.setGasBudget(10_000_000);
  transaction.setGasPayment([gas]);
  for (const { to, amount, coin } of payments) {
    const source = coin ? transaction.object(Inputs.ObjectRef(coin)) : transaction.gas;
    const [paid] = transaction.splitCoins(source, [BigInt(amount)]);
    transaction.transferObjects([paid], to);
  }
  const { bytes, signature } = await keypair.signTransaction(await transaction.build());
  signed.push({
    sender: keypair.toSuiAddress(),
    digest: await Transaction.from(bytes).getDigest(),
    transaction: bytes,
    signature,
  });
}
console.log(JSON.stringify(signed));
