/* A web server: one page, one connection at a time. Plain C; the shield handles TLS and certificates. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void serve(int connection)
{
    char request[4096];
    size_t size = 0;
    ssize_t got;
    while (size < sizeof request - 1 && (got = read(connection, request + size, sizeof request - 1 - size)) > 0) {
        size += (size_t)got;
        request[size] = 0;
        if (strstr(request, "\r\n\r\n"))
            break;
    }
    const char *page = "hello from an enclave\n";
    char response[256];
    int length = snprintf(response, sizeof response,
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s", strlen(page), page);
    for (int sent = 0; sent < length;) {
        ssize_t wrote = write(connection, response + sent, (size_t)(length - sent));
        if (wrote <= 0)
            return;
        sent += (int)wrote;
    }
}

int main(int argc, char **argv)
{
    /* The runtime passes the descriptor that listens on the port in an environment variable. */
    const char *listening = getenv("GUARDIAN_LISTEN_8443");
    int count = argc > 1 ? atoi(argv[1]) : -1;
    if (!listening) {
        fputs("the session gives no port 8443\n", stderr);
        return 1;
    }
    for (int i = 0; i != count; i++) {
        int connection = accept(atoi(listening), NULL, NULL);
        if (connection < 0) {
            perror("accept");
            return 1;
        }
        serve(connection);
        close(connection);
    }
    return 0;
}
