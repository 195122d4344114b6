// What the sign-in script needs of stablelib, and no more. `npm ci && npm run build` writes ../../static/stablelib.js.
export { ChaCha20Poly1305 } from "@stablelib/chacha20poly1305";
export { HKDF } from "@stablelib/hkdf";
export { hmac } from "@stablelib/hmac";
export { Scrypt } from "@stablelib/scrypt";
export { SHA256, hash } from "@stablelib/sha256";
export { scalarMultBase, sharedKey } from "@stablelib/x25519";
