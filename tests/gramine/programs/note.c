/* A note keeper in C: the program of the suite `./test gramine`, as in every language beside it.
 * note        checks that the secret of the session is in its variable and in its file, and appends a line to an encrypted file
 * note serve  the same, then answers one connection by TLS with the certificate of the session */
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int serve(void) {
  SSL_CTX *context = SSL_CTX_new(TLS_server_method());
  if (SSL_CTX_use_certificate_chain_file(context, "/run/app/tls.crt") != 1 ||
      SSL_CTX_use_PrivateKey_file(context, "/run/app/tls.key", SSL_FILETYPE_PEM) != 1) return 4;
  int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(atoi(getenv("PORT"))), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 8)) return 5;
  puts("listening");
  fflush(stdout);
  SSL *tls = SSL_new(context);
  SSL_set_fd(tls, accept(listener, NULL, NULL));
  if (SSL_accept(tls) != 1) return 6;
  const char *hello = "hello from c\n";
  SSL_write(tls, hello, strlen(hello));
  SSL_shutdown(tls);
  return 0;
}

int main(int argc, char **argv) {
  char secret[256] = "", line[256];
  const char *expected = getenv("TOKEN");
  FILE *file = fopen("/run/app/token", "r");
  if (!file || !fgets(secret, sizeof secret, file) || !expected || strcmp(secret, expected)) return 3;
  fclose(file);
  int lines = 0;
  if ((file = fopen("/data/log", "r"))) {
    while (fgets(line, sizeof line, file)) lines++;
    fclose(file);
  }
  if (!(file = fopen("/data/log", "a"))) return 2;
  fprintf(file, "PLAINTEXT of c %d\n", lines);
  fflush(file);
  fsync(fileno(file));
  fclose(file);
  printf("lines %d\n", lines);
  fflush(stdout);
  return argc > 1 && !strcmp(argv[1], "serve") ? serve() : 0;
}
