/* One HTTPS request, or a server, with wolfSSL:
 *   wolfssl client ADDRESS NAME CA.pem         wolfssl server ADDRESS NAME CERT.pem KEY.pem
 * The server refuses clients that ask for another name than NAME, or for none. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

static void failed(WOLFSSL *tls, int result) {
    char text[WOLFSSL_MAX_ERROR_SZ];
    printf("%s\n", wolfSSL_ERR_error_string(wolfSSL_get_error(tls, result), text));
    fflush(stdout);
}

int main(int count, char **arguments) {
    int server = count == 6 && !strcmp(arguments[1], "server");
    if (count < 5) return 2;
    wolfSSL_Init();
    WOLFSSL_CTX *context = wolfSSL_CTX_new(server ? wolfSSLv23_server_method() : wolfTLSv1_2_client_method());
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(443)};
    inet_pton(AF_INET, arguments[2], &address.sin_addr);
    int sock = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    char buffer[4096];
    if (!server) {
        wolfSSL_CTX_load_verify_locations(context, arguments[4], NULL);
        wolfSSL_CTX_set_verify(context, WOLFSSL_VERIFY_PEER, NULL);
        WOLFSSL *tls = wolfSSL_new(context);
        wolfSSL_UseSNI(tls, WOLFSSL_SNI_HOST_NAME, arguments[3], strlen(arguments[3]));
        wolfSSL_check_domain_name(tls, arguments[3]);
        if (connect(sock, (void *)&address, sizeof address)) return 1;
        wolfSSL_set_fd(tls, sock);
        int result = wolfSSL_connect(tls);
        if (result != WOLFSSL_SUCCESS) {
            failed(tls, result);
        } else {
            wolfSSL_write(tls, "GET /hello.txt HTTP/1.0\r\n\r\n", 27);
            result = wolfSSL_read(tls, buffer, sizeof buffer);
            if (result > 0) printf("%.*s\n", result, buffer);
            wolfSSL_shutdown(tls);
        }
        close(sock);
        return 0;
    }
    wolfSSL_CTX_use_certificate_chain_file(context, arguments[4]);
    wolfSSL_CTX_use_PrivateKey_file(context, arguments[5], WOLFSSL_FILETYPE_PEM);
    wolfSSL_CTX_UseSNI(context, WOLFSSL_SNI_HOST_NAME, arguments[3], strlen(arguments[3]));
    wolfSSL_CTX_SNI_SetOptions(context, WOLFSSL_SNI_HOST_NAME, WOLFSSL_SNI_ABORT_ON_ABSENCE);
    setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    bind(sock, (void *)&address, sizeof address);
    listen(sock, 5);
    for (;;) {
        int accepted = accept(sock, NULL, NULL);
        WOLFSSL *tls = wolfSSL_new(context);
        wolfSSL_set_fd(tls, accepted);
        int result = wolfSSL_accept(tls);
        if (result != WOLFSSL_SUCCESS) {
            failed(tls, result);
        } else {
            wolfSSL_read(tls, buffer, sizeof buffer);
            wolfSSL_write(tls, "HTTP/1.0 200 OK\r\n\r\nhello\n", 25);
            wolfSSL_shutdown(tls);
        }
        wolfSSL_free(tls);
        close(accepted);
    }
}
