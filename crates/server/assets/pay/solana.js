// Paying from a Solana wallet in this browser, by the wallet standard: wallets and pages announce
// themselves to each other, whoever is there first. The server composes the transaction, because
// only a node knows a blockhash; the wallet shows it, signs it and sends it.

import * as api from "./api.js";
import { WalletError } from "./wallets.js";

const CONNECT = "standard:connect";
const SEND = "solana:signAndSendTransaction";
const REJECTED = 4001;

const registered = new Set();
let listener = () => {};

/** What a wallet is given to make itself known with; answered with the way to take it back. */
const page = Object.freeze({
  register(...wallets) {
    wallets.forEach((wallet) => registered.add(wallet));
    listener();
    return () => {
      wallets.forEach((wallet) => registered.delete(wallet));
      listener();
    };
  },
});

addEventListener("wallet-standard:register-wallet", ({ detail: announce }) => {
  if (typeof announce === "function") announce(page);
});
dispatchEvent(new CustomEvent("wallet-standard:app-ready", { detail: page }));

/** Calls `show` with the wallets that are there, and again when another says it is. */
export function solanaWallets(show) {
  listener = () => show([...registered].filter(canPay).map(payable));
  listener();
}

const canPay = (wallet) =>
  Boolean(wallet?.features?.[CONNECT]?.connect && wallet.features[SEND]?.signAndSendTransaction);

function payable(wallet) {
  const icon = String(wallet.icon ?? "").startsWith("data:image/") ? wallet.icon : null;
  return { name: String(wallet.name).slice(0, 40), icon, pay: (offer) => pay(wallet, offer) };
}

async function ask(act) {
  try {
    return await act();
  } catch (error) {
    // The standard has no codes: wallets say in their own words that somebody declined.
    const isNo = error?.code === REJECTED
      || /reject|declin|denied|cancel/i.test(String(error?.message ?? ""));
    throw new WalletError(isNo ? "rejected" : "failed");
  }
}

async function pay(wallet, offer) {
  const chain = offer.wallet_chain;
  const { accounts } = await ask(() => wallet.features[CONNECT].connect());
  const all = accounts ?? wallet.accounts ?? [];
  if (!all.length) throw new WalletError("rejected");
  // One that is on the other network only would pay there, or not at all.
  const account = all.find((one) => one.chains?.includes(chain));
  if (!account) throw new WalletError("network");
  const made = await api.solanaTransaction(account.address, offer.supported_token_id);
  // Nothing is signed but what the page shows.
  const isShown = made.amount === offer.estimated_token_amount
    && made.temp_address === offer.temp_address && made.chain === chain;
  if (!isShown) throw new WalletError("failed");
  const transaction = Uint8Array.from(atob(made.transaction), (letter) => letter.charCodeAt(0));
  return ask(() =>
    wallet.features[SEND].signAndSendTransaction({ account, chain, transaction }));
}
