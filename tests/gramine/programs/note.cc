// The note keeper in C++ (note.c says what it does).
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>

static void serve() {
  SSL_CTX *context = SSL_CTX_new(TLS_server_method());
  if (SSL_CTX_use_certificate_chain_file(context, "/run/app/tls.crt") != 1 ||
      SSL_CTX_use_PrivateKey_file(context, "/run/app/tls.key", SSL_FILETYPE_PEM) != 1) throw std::runtime_error("certificate");
  int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(std::stoi(std::getenv("PORT")));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, reinterpret_cast<sockaddr *>(&address), sizeof address) || listen(listener, 8)) throw std::runtime_error("port");
  std::cout << "listening" << std::endl;
  SSL *tls = SSL_new(context);
  SSL_set_fd(tls, accept(listener, nullptr, nullptr));
  if (SSL_accept(tls) != 1) throw std::runtime_error("handshake");
  const std::string hello = "hello from cxx\n";
  SSL_write(tls, hello.data(), hello.size());
  SSL_shutdown(tls);
}

int main(int argc, char **argv) try {
  std::string secret, line;
  std::getline(std::ifstream("/run/app/token"), secret);
  if (secret.empty() || secret != std::getenv("TOKEN")) throw std::runtime_error("secret");
  int lines = 0;
  if (std::filesystem::exists("/data/log"))
    for (std::ifstream log("/data/log"); std::getline(log, line);) lines++;
  std::ofstream("/data/log", std::ios::app) << "PLAINTEXT of cxx " << lines << "\n";
  std::cout << "lines " << lines << std::endl;
  if (argc > 1 && std::string(argv[1]) == "serve") serve();
  return 0;
} catch (const std::exception &failure) {
  std::cerr << failure.what() << "\n";
  return 3;
}
