// The words of the page's language, and numbers and times as that language writes them.
// The server chose the language and put its words into the page.

const data = JSON.parse(document.getElementById("page-data").textContent);

export const { lang, assets, words } = data;

/** The tokens to choose from, if the server knew the session when it made the page. */
export const tokens = data.tokens?.map(([id, token_symbol, token_name, network]) =>
  ({ id, token_symbol, token_name, network }));

/** The word of a key, with `{name}` filled in; a merchant's name turns no text around it. */
export function t(key, fill = {}) {
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) =>
    name === "merchant" ? `\u2068${fill[name]}\u2069` : fill[name] ?? whole);
}

export function usd(number) {
  const style = { style: "currency", currency: "USD", currencyDisplay: "narrowSymbol",
    minimumFractionDigits: 2, maximumFractionDigits: 3 };
  return new Intl.NumberFormat(lang, style).format(number);
}

/** Milliseconds as h:mm:ss; digits as everybody reads them on a clock. */
export function clock(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (number) => String(number).padStart(2, "0");
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (h >= 48) {
    const days = { style: "unit", unit: "day", unitDisplay: "long" };
    return new Intl.NumberFormat(lang, days).format(Math.floor(h / 24));
  }
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

const NETWORKS = { ethereum: "Ethereum", base: "Base", solana: "Solana", avalanche: "Avalanche",
  ton: "TON", bsc: "BNB Smart Chain", arbitrum: "Arbitrum", optimism: "Optimism",
  cardano: "Cardano", sui: "Sui" };

export const network = (name) => NETWORKS[name] ?? name;
