// A small TLS client: one request a connection, options as flags.
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strings"
	"time"
)

var versions = map[string]uint16{"1.0": tls.VersionTLS10, "1.1": tls.VersionTLS11, "1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13, "": 0}

func main() {
	log.SetFlags(log.LstdFlags)
	connect := flag.String("connect", "10.0.0.2:443", "address")
	from := flag.String("from", "10.0.0.7", "local address")
	name := flag.String("name", "api.example.test", "server name")
	ca := flag.String("ca", "", "trusted authorities")
	cert := flag.String("cert", "", "client certificate")
	key := flag.String("key", "", "client key")
	min := flag.String("min", "", "lowest version")
	max := flag.String("max", "", "highest version")
	alpn := flag.String("alpn", "", "protocols")
	keylog := flag.String("keylog", "", "key log")
	insecure := flag.Bool("insecure", false, "verify nothing")
	request := flag.Bool("request", true, "send an HTTP request")
	resume := flag.Int("times", 1, "connections, with a session cache")
	flag.Parse()
	config := &tls.Config{ServerName: *name, MinVersion: versions[*min], MaxVersion: versions[*max], InsecureSkipVerify: *insecure,
		ClientSessionCache: tls.NewLRUClientSessionCache(8)}
	if *ca != "" {
		pem, err := os.ReadFile(*ca)
		if err != nil {
			log.Fatal(err)
		}
		config.RootCAs = x509.NewCertPool()
		config.RootCAs.AppendCertsFromPEM(pem)
	}
	if *cert != "" {
		pair, err := tls.LoadX509KeyPair(*cert, *key)
		if err != nil {
			log.Fatal(err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	if *alpn != "" {
		config.NextProtos = strings.Split(*alpn, ",")
	}
	if *keylog != "" {
		f, err := os.OpenFile(*keylog, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			log.Fatal(err)
		}
		config.KeyLogWriter = f
	}
	failed := false
	for i := 0; i < *resume; i++ {
		dialer := net.Dialer{Timeout: 5 * time.Second, LocalAddr: &net.TCPAddr{IP: net.ParseIP(*from)}}
		conn, err := tls.DialWithDialer(&dialer, "tcp", *connect, config)
		if err != nil {
			log.Print(err)
			failed = true
			continue
		}
		if *request {
			fmt.Fprintf(conn, "GET /hello.txt HTTP/1.0\r\nHost: %s\r\n\r\n", *name)
			_ = conn.SetReadDeadline(time.Now().Add(3 * time.Second))
			line, err := bufio.NewReader(conn).ReadString('\n')
			if err != nil && err != io.EOF {
				log.Print(err)
				failed = true
			} else {
				log.Print(strings.TrimSpace(line))
			}
		}
		conn.Close()
	}
	if failed {
		os.Exit(1)
	}
}
