/* One HTTPS request with mbed TLS: mbedtls ADDRESS NAME CA.pem */
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <stdio.h>

int main(int count, char **arguments) {
    mbedtls_net_context sock;
    mbedtls_ssl_context tls;
    mbedtls_ssl_config config;
    mbedtls_x509_crt anchors;
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    char text[200];
    unsigned char buffer[4096];
    if (count != 4) return 2;
    mbedtls_net_init(&sock);
    mbedtls_ssl_init(&tls);
    mbedtls_ssl_config_init(&config);
    mbedtls_x509_crt_init(&anchors);
    mbedtls_entropy_init(&entropy);
    mbedtls_ctr_drbg_init(&random);
    mbedtls_ctr_drbg_seed(&random, mbedtls_entropy_func, &entropy, NULL, 0);
    mbedtls_x509_crt_parse_file(&anchors, arguments[3]);
    mbedtls_ssl_config_defaults(&config, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
    mbedtls_ssl_conf_rng(&config, mbedtls_ctr_drbg_random, &random);
    mbedtls_ssl_conf_ca_chain(&config, &anchors, NULL);
    mbedtls_ssl_conf_authmode(&config, MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_setup(&tls, &config);
    mbedtls_ssl_set_hostname(&tls, arguments[2]);
    if (mbedtls_net_connect(&sock, arguments[1], "443", MBEDTLS_NET_PROTO_TCP)) return 1;
    mbedtls_ssl_set_bio(&tls, &sock, mbedtls_net_send, mbedtls_net_recv, NULL);
    int result = mbedtls_ssl_handshake(&tls);
    if (!result) {
        mbedtls_ssl_write(&tls, (const unsigned char *)"GET /hello.txt HTTP/1.0\r\n\r\n", 27);
        result = mbedtls_ssl_read(&tls, buffer, sizeof buffer);
    }
    if (result > 0) {
        printf("%.*s\n", result, buffer);
    } else {
        mbedtls_strerror(result, text, sizeof text);
        printf("%s\n", text);
    }
    mbedtls_net_free(&sock);
    return 0;
}
