# One HTTPS request with Ruby's openssl: client.rb NAME CA.pem
require 'openssl'
require 'socket'
name, anchors = ARGV
context = OpenSSL::SSL::SSLContext.new
context.set_params(ca_file: anchors, verify_mode: OpenSSL::SSL::VERIFY_PEER)
socket = OpenSSL::SSL::SSLSocket.new(TCPSocket.new('10.0.0.2', 443), context)
socket.hostname = name
begin
  socket.connect
  socket.write("GET /hello.txt HTTP/1.0\r\n\r\n")
  puts socket.read
rescue OpenSSL::SSL::SSLError => error
  puts error
end
socket.close
