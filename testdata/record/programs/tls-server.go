// An HTTPS server whose log is that of net/http: one line a failed handshake.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

var versions = map[string]uint16{"1.0": tls.VersionTLS10, "1.1": tls.VersionTLS11, "1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13, "": 0}

// unfitting is tls.LoadX509KeyPair without its check that the two belong together.
func unfitting(cert, key string) (tls.Certificate, error) {
	var pair tls.Certificate
	data, err := os.ReadFile(cert)
	if err != nil {
		return pair, err
	}
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		pair.Certificate = append(pair.Certificate, block.Bytes)
	}
	if data, err = os.ReadFile(key); err != nil {
		return pair, err
	}
	block, _ := pem.Decode(data)
	pair.PrivateKey, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	return pair, err
}

func main() {
	log.SetFlags(log.LstdFlags)
	listen := flag.String("listen", "10.0.0.2:443", "address")
	cert := flag.String("cert", "pki/good.chain.pem", "certificate")
	key := flag.String("key", "pki/good.key", "key")
	only := flag.String("only", "", "names with a certificate; for others GetCertificate fails")
	alpn := flag.String("alpn", "http/1.1", "protocols")
	min := flag.String("min", "1.2", "lowest version")
	max := flag.String("max", "", "highest version")
	clientCA := flag.String("client-ca", "", "require client certificates of this authority")
	acmeCert := flag.String("acme-cert", "", "certificate for acme-tls/1")
	acmeKey := flag.String("acme-key", "", "its key")
	nextCert := flag.String("next-cert", "", "certificate after SIGHUP")
	nextKey := flag.String("next-key", "", "its key")
	unfit := flag.Bool("unfit", false, "do not check that the key fits the certificate")
	tickets := flag.Bool("tickets", true, "session tickets")
	keylog := flag.String("keylog", "", "key log")
	flag.Parse()
	pair, err := tls.LoadX509KeyPair(*cert, *key)
	if *unfit {
		pair, err = unfitting(*cert, *key)
	}
	if err != nil {
		log.Fatal(err)
	}
	current := &pair
	config := &tls.Config{MinVersion: versions[*min], MaxVersion: versions[*max], NextProtos: strings.Split(*alpn, ","), SessionTicketsDisabled: !*tickets}
	if *keylog != "" {
		f, err := os.OpenFile(*keylog, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			log.Fatal(err)
		}
		config.KeyLogWriter = f
	}
	config.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		for _, p := range hello.SupportedProtos {
			if p == "acme-tls/1" && strings.Contains(*alpn, "acme-tls/1") {
				if *acmeCert == "" {
					return nil, fmt.Errorf("no information found to solve challenge for identifier: %s", hello.ServerName)
				}
				challenge, err := tls.LoadX509KeyPair(*acmeCert, *acmeKey)
				return &challenge, err
			}
		}
		if *only != "" && !strings.Contains(","+*only+",", ","+hello.ServerName+",") {
			if hello.ServerName == "" {
				return nil, errors.New("acme/autocert: missing server name")
			}
			return nil, fmt.Errorf("acme/autocert: host %q not configured in HostWhitelist", hello.ServerName)
		}
		return current, nil
	}
	if *clientCA != "" {
		data, err := os.ReadFile(*clientCA)
		if err != nil {
			log.Fatal(err)
		}
		config.ClientCAs = x509.NewCertPool()
		config.ClientCAs.AppendCertsFromPEM(data)
		config.ClientAuth = tls.RequireAndVerifyClientCert
	}
	if *nextCert != "" {
		hup := make(chan os.Signal, 1)
		signal.Notify(hup, syscall.SIGHUP)
		go func() {
			<-hup
			next, err := tls.LoadX509KeyPair(*nextCert, *nextKey)
			if err != nil {
				log.Fatal(err)
			}
			current = &next
			log.Print("certificate reloaded")
		}()
	}
	server := &http.Server{Addr: *listen, TLSConfig: config, ReadHeaderTimeout: 5 * time.Second, TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "hello") })}
	// ServeTLS adds http/1.1 to the protocols if it is not there; a listener of our own keeps the list as it is.
	listener, err := tls.Listen("tcp", *listen, config)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(server.Serve(listener))
}
