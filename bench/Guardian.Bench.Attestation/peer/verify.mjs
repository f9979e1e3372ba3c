// Verifies one quote with Phala's dcap-qvl: node verify.mjs FOLDER UNIX-SECONDS
// Each line of input is a build (js or wasm) and how many milliseconds to go on; each is answered with the milliseconds of processor time that one verification took.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [folder, at] = [process.argv[2], Number(process.argv[3])];
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

const builds = {};
try {
  const { verify } = await import("@phala/dcap-qvl");
  const given = collateral((bytes) => bytes);
  builds.js = () => verify(quote, given, at);
} catch (failure) {
  console.error(`js: ${failure}`);
}
try {
  const web = await import("@phala/dcap-qvl-web");
  const wasm = join(createRequire(import.meta.url).resolve("@phala/dcap-qvl-web"), "..", "dcap-qvl-web_bg.wasm");
  web.initSync({ module: readFileSync(wasm) });
  const given = collateral((bytes) => bytes.toString("hex"));
  const raw = new Uint8Array(quote);
  builds.wasm = () => web.js_verify(raw, given, BigInt(at));
} catch (failure) {
  console.error(`wasm: ${failure}`);
}

for await (const line of createInterface({ input: process.stdin })) {
  const [build, milliseconds] = line.split(" ");
  let count = 0;
  const start = process.hrtime.bigint();
  const before = process.cpuUsage();
  do {
    builds[build]();
    count++;
  } while (Number(process.hrtime.bigint() - start) / 1e6 < Number(milliseconds));
  const spent = process.cpuUsage(before);
  console.log((spent.user + spent.system) / 1000 / count);
}
