// Verifies one quote with Phala's dcap-qvl: peer FOLDER UNIX-SECONDS
// Input and output are those of ../verify.mjs.
use dcap_qvl::{verify::ring::verify, QuoteCollateralV3};
use std::io::BufRead;
use std::time::{Duration, Instant};
use std::{env, fs, path::Path};

fn main() {
    let arguments: Vec<String> = env::args().collect();
    let (folder, at) = (Path::new(&arguments[1]), arguments[2].parse().expect("seconds"));
    let read = |name: &str| fs::read(folder.join(name)).expect(name);
    let text = |name: &str| String::from_utf8(read(name)).expect(name);
    let (tcb_info, tcb_info_signature) = inner(&text("tcb_info.json"), "tcbInfo");
    let (qe_identity, qe_identity_signature) = inner(&text("qe_identity.json"), "enclaveIdentity");
    let quote = read("quote.bin");
    let collateral = QuoteCollateralV3 {
        pck_crl_issuer_chain: text("pck_crl_issuer_chain.pem"),
        root_ca_crl: read("root_ca_crl.der"),
        pck_crl: read("pck_crl.der"),
        tcb_info_issuer_chain: text("tcb_info_issuer_chain.pem"),
        tcb_info,
        tcb_info_signature,
        qe_identity_issuer_chain: text("qe_identity_issuer_chain.pem"),
        qe_identity,
        qe_identity_signature,
        pck_certificate_chain: None,
    };
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("input");
        let milliseconds: f64 = line.split_once(' ').expect("BUILD MILLISECONDS").1.parse().expect("milliseconds");
        let length = Duration::from_secs_f64(milliseconds / 1000.0);
        let (start, before, mut count) = (Instant::now(), processor_time(), 0);
        while count == 0 || start.elapsed() < length {
            verify(&quote, &collateral, at).expect("verified");
            count += 1;
        }
        println!("{}", (processor_time() - before) * 1000.0 / f64::from(count));
    }
}

// The signature is over the inner object's exact bytes.
fn inner(whole: &str, member: &str) -> (String, Vec<u8>) {
    let name = whole.find(&format!("\"{member}\"")).expect(member);
    let start = name + whole[name..].find('{').expect(member);
    let end = whole[..whole.rfind("\"signature\"").expect("signature")].rfind('}').expect(member);
    let value: serde_json::Value = serde_json::from_str(whole).expect(member);
    let hexadecimal = value["signature"].as_str().expect("signature");
    let signature = (0..hexadecimal.len()).step_by(2).map(|at| u8::from_str_radix(&hexadecimal[at..at + 2], 16).expect("signature")).collect();
    (whole[start..=end].to_string(), signature)
}

fn processor_time() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
