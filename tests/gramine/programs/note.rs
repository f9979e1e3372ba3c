// The note keeper in Rust (note.c says what it does). The standard library has no TLS, so OpenSSL does it.
use std::ffi::CString;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::net::TcpListener;
use std::os::raw::{c_char, c_int, c_void};
use std::os::unix::io::AsRawFd;

#[link(name = "ssl")]
#[link(name = "crypto")]
extern "C" {
    fn TLS_server_method() -> *const c_void;
    fn SSL_CTX_new(method: *const c_void) -> *mut c_void;
    fn SSL_CTX_use_certificate_chain_file(context: *mut c_void, file: *const c_char) -> c_int;
    fn SSL_CTX_use_PrivateKey_file(context: *mut c_void, file: *const c_char, kind: c_int) -> c_int;
    fn SSL_new(context: *mut c_void) -> *mut c_void;
    fn SSL_set_fd(tls: *mut c_void, descriptor: c_int) -> c_int;
    fn SSL_accept(tls: *mut c_void) -> c_int;
    fn SSL_write(tls: *mut c_void, data: *const c_void, size: c_int) -> c_int;
    fn SSL_shutdown(tls: *mut c_void) -> c_int;
}

fn serve() {
    let (certificate, key) = (CString::new("/run/app/tls.crt").unwrap(), CString::new("/run/app/tls.key").unwrap());
    let listener = TcpListener::bind(format!("127.0.0.1:{}", std::env::var("PORT").unwrap())).unwrap();
    println!("listening");
    let (connection, _) = listener.accept().unwrap();
    let hello = b"hello from rust\n";
    unsafe {
        let context = SSL_CTX_new(TLS_server_method());
        assert_eq!(SSL_CTX_use_certificate_chain_file(context, certificate.as_ptr()), 1);
        assert_eq!(SSL_CTX_use_PrivateKey_file(context, key.as_ptr(), 1), 1);
        let tls = SSL_new(context);
        SSL_set_fd(tls, connection.as_raw_fd());
        assert_eq!(SSL_accept(tls), 1);
        SSL_write(tls, hello.as_ptr() as *const c_void, hello.len() as c_int);
        SSL_shutdown(tls);
    }
}

fn main() {
    let secret = fs::read_to_string("/run/app/token").unwrap();
    assert!(!secret.is_empty() && secret == std::env::var("TOKEN").unwrap());
    let lines = fs::read_to_string("/data/log").map(|log| log.lines().count()).unwrap_or(0);
    let mut file = OpenOptions::new().create(true).append(true).open("/data/log").unwrap();
    writeln!(file, "PLAINTEXT of rust {lines}").unwrap();
    file.sync_all().unwrap();
    println!("lines {lines}");
    if std::env::args().nth(1).as_deref() == Some("serve") {
        serve();
    }
}
