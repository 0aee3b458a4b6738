<?php
// One HTTPS request with PHP's streams: client.php NAME CA.pem
[, $name, $anchors] = $argv;
$context = stream_context_create(['ssl' => ['cafile' => $anchors, 'peer_name' => $name]]);
$socket = @stream_socket_client('tls://10.0.0.2:443', $number, $text, 5, STREAM_CLIENT_CONNECT, $context);
if (!$socket) {
    exit(error_get_last()['message'] . "\n");
}
fwrite($socket, "GET /hello.txt HTTP/1.0\r\n\r\n");
echo fread($socket, 4096);
