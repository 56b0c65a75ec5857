// The platform's Web Crypto, wherever it keeps it.
//
// Browsers, Deno, Bun and Node from 19 on have it as a global; Node 18 has it in a module. The
// module's name is put together at run time, so that bundlers for browsers do not look for it.

/** What this package uses of it. */
export async function webCrypto(): Promise<Crypto> {
  const { crypto } = globalThis as { crypto?: Crypto };
  if (crypto) return crypto;
  const name = ["node", "crypto"].join(":");
  return ((await import(name)) as { webcrypto: Crypto }).webcrypto;
}

/** A fresh UUID of version 4, also where pages are not secure and `randomUUID` is not there. */
export async function randomUuid(): Promise<string> {
  const bytes = (await webCrypto()).getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return toHex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** Lower-case hexadecimal digits. */
export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}
