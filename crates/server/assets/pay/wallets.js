// Paying from a wallet in this browser, by the standards wallets announce themselves with:
// EIP-6963 and EIP-1193 on EVM networks; those of Solana have a file of their own. What is sent
// comes from the server's payment link, so the amount and the address are the very ones the page
// shows.

const REJECTED = 4001;
const UNKNOWN_CHAIN = 4902;
const ANNOUNCE_MS = 150;

export class WalletError extends Error {
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

/** `ethereum:` by EIP-681: who gets what, on which chain. */
export function readEvmLink(uri) {
  const found = /^ethereum:(0x[0-9a-fA-F]{40})@(\d+)(\/transfer)?\?(.*)$/.exec(uri);
  if (!found) throw new WalletError("link");
  const [, target, chain, isToken, query] = found;
  const asked = new URLSearchParams(query);
  const chainId = `0x${BigInt(chain).toString(16)}`;
  if (!isToken) return { chainId, to: target, value: hex(asked.get("value")) };
  const word = (number) => number.toString(16).padStart(64, "0");
  const to = word(BigInt(asked.get("address")));
  return { chainId, to: target, value: "0x0",
    data: `0xa9059cbb${to}${word(BigInt(asked.get("uint256")))}` };
}

const hex = (text) => `0x${BigInt(text).toString(16)}`;

const announced = new Map();
const listeners = new Set();

addEventListener("eip6963:announceProvider", ({ detail }) => {
  const { info, provider } = detail ?? {};
  if (!info?.uuid || !provider || announced.has(info.uuid)) return;
  const icon = String(info.icon ?? "").startsWith("data:image/") ? info.icon : null;
  announced.set(info.uuid, { name: String(info.name).slice(0, 40), icon, provider });
  for (const listener of listeners) listener();
});
dispatchEvent(new Event("eip6963:requestProvider"));

/** Calls `show` with the wallets that are there, and again when another says it is. */
export function evmWallets(show) {
  const all = () => [...announced.values()].map(payable);
  const listener = () => show(all());
  listeners.clear();
  listeners.add(listener);
  show(all());
  setTimeout(() => {
    if (announced.size || !window.ethereum?.request || !listeners.has(listener)) return;
    show([payable({ name: "Wallet", icon: null, provider: window.ethereum })]);
  }, ANNOUNCE_MS);
}

function payable({ name, icon, provider }) {
  return { name, icon, pay: (offer) => payEvm(provider, offer) };
}

async function payEvm(provider, offer) {
  const { chainId, ...transaction } = readEvmLink(offer.payment_uri);
  const ask = async (method, params) => {
    try {
      return await provider.request({ method, params });
    } catch (error) {
      if (error?.code === REJECTED) throw new WalletError("rejected");
      if (error?.code === UNKNOWN_CHAIN) throw new WalletError("network");
      throw new WalletError("failed");
    }
  };
  const [from] = await ask("eth_requestAccounts");
  if (!from) throw new WalletError("rejected");
  const isOn = async () => BigInt(await ask("eth_chainId")) === BigInt(chainId);
  if (!(await isOn())) {
    await ask("wallet_switchEthereumChain", [{ chainId }]);
    // Some wallets answer and stay where they are: nothing is sent on another chain.
    if (!(await isOn())) throw new WalletError("network");
  }
  return ask("eth_sendTransaction", [{ from, ...transaction }]);
}
