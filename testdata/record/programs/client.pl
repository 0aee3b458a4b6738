# One HTTPS request with IO::Socket::SSL: client.pl NAME CA.pem
use IO::Socket::SSL;
my ($name, $anchors) = @ARGV;
my $socket = IO::Socket::SSL->new(
    PeerAddr => '10.0.0.2:443', SSL_hostname => $name, SSL_verifycn_name => $name, SSL_verifycn_scheme => 'http',
    SSL_verify_mode => SSL_VERIFY_PEER, SSL_ca_file => $anchors, SSL_version => $ENV{VERSION} || 'SSLv23',
) or die "$SSL_ERROR\n";
print $socket "GET /hello.txt HTTP/1.0\r\n\r\n";
print <$socket>;
