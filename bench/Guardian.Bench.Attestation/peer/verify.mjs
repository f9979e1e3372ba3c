// Verifies one quote for some seconds with Phala's dcap-qvl: node verify.mjs FOLDER UNIX-SECONDS DURATION-SECONDS
// Prints a line of JSON with the verifications per second of each build.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createRequire } from "node:module";

const [folder, at, seconds] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const read = (name) => readFileSync(join(folder, name));
const text = (name) => read(name).toString();
const inner = (name, member) => {
  // The signature is over the inner object's exact bytes.
  const whole = text(name);
  const start = whole.indexOf("{", whole.indexOf(`"${member}"`));
  const end = whole.lastIndexOf("}", whole.lastIndexOf('"signature"'));
  return [whole.slice(start, end + 1), JSON.parse(whole).signature];
};
const quote = read("quote.bin");
const [tcbInfo, tcbSignature] = inner("tcb_info.json", "tcbInfo");
const [qeIdentity, qeSignature] = inner("qe_identity.json", "enclaveIdentity");
const collateral = (bytes) => ({
  pck_crl_issuer_chain: text("pck_crl_issuer_chain.pem"),
  root_ca_crl: bytes(read("root_ca_crl.der")),
  pck_crl: bytes(read("pck_crl.der")),
  tcb_info_issuer_chain: text("tcb_info_issuer_chain.pem"),
  tcb_info: tcbInfo,
  tcb_info_signature: bytes(Buffer.from(tcbSignature, "hex")),
  qe_identity_issuer_chain: text("qe_identity_issuer_chain.pem"),
  qe_identity: qeIdentity,
  qe_identity_signature: bytes(Buffer.from(qeSignature, "hex")),
});

function rate(verify) {
  verify();
  let count = 0;
  const start = process.hrtime.bigint();
  let spent;
  do {
    verify();
    count++;
    spent = Number(process.hrtime.bigint() - start) / 1e9;
  } while (spent < seconds);
  return count / spent;
}

const results = {};
try {
  const { verify } = await import("@phala/dcap-qvl");
  const given = collateral((bytes) => bytes);
  results.js = rate(() => verify(quote, given, at));
} catch (failure) {
  results.jsError = String(failure);
}
try {
  const web = await import("@phala/dcap-qvl-web");
  const wasm = join(createRequire(import.meta.url).resolve("@phala/dcap-qvl-web"), "..", "dcap-qvl-web_bg.wasm");
  web.initSync({ module: readFileSync(wasm) });
  const given = collateral((bytes) => bytes.toString("hex"));
  const raw = new Uint8Array(quote);
  results.wasm = rate(() => web.js_verify(raw, given, BigInt(at)));
} catch (failure) {
  results.wasmError = String(failure);
}
console.log(JSON.stringify(results));
