// The bare proxy in Go: what a proxy that ends TLS costs when it is not written for Node. The standard library alone; no token, no rules, no scrubbing, no audit log, no refusals; one header replaced.
// bare-go CERTIFICATE KEY PLACEHOLDER VALUE: prints its port.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
)

// What was accepted elsewhere, as a listener: the connections whose TLS is to be ended.
type handedOver chan net.Conn

func (conns handedOver) Accept() (net.Conn, error) { return <-conns, nil }
func (conns handedOver) Close() error              { return nil }
func (conns handedOver) Addr() net.Addr            { return &net.TCPAddr{} }

func main() {
	if len(os.Args) != 5 {
		log.Fatal("bare-go CERTIFICATE KEY PLACEHOLDER VALUE")
	}
	placeholder, value := os.Args[3], os.Args[4]
	identity, err := tls.LoadX509KeyPair(os.Args[1], os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(identity.Certificate[0])
	if err != nil {
		log.Fatal(err)
	}
	trusted := x509.NewCertPool()
	trusted.AddCert(leaf)
	upstream := &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: trusted, ClientSessionCache: tls.NewLRUClientSessionCache(0)},
		MaxIdleConnsPerHost: 256,
		DisableCompression:  true,
	}

	conns := make(handedOver)
	inner := http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		request.URL.Scheme, request.URL.Host = "https", request.Host
		if held := request.Header.Get("Authorization"); held != "" {
			request.Header.Set("Authorization", strings.Replace(held, placeholder, value, 1))
		}
		answer, err := upstream.RoundTrip(request)
		if err != nil {
			http.Error(response, err.Error(), http.StatusBadGateway)
			return
		}
		defer answer.Body.Close()
		for name, values := range answer.Header {
			response.Header()[name] = values
		}
		response.WriteHeader(answer.StatusCode)
		_, _ = io.Copy(response, answer.Body)
	})
	go func() { log.Fatal(http.Serve(conns, inner)) }()

	ended := &tls.Config{Certificates: []tls.Certificate{identity}, NextProtos: []string{"http/1.1"}}
	outer := http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		if request.Method != http.MethodConnect {
			http.Error(response, "CONNECT only", http.StatusMethodNotAllowed)
			return
		}
		conn, _, err := http.NewResponseController(response).Hijack()
		if err != nil {
			return
		}
		if _, err := io.WriteString(conn, "HTTP/1.1 200 Connection Established\r\n\r\n"); err != nil {
			conn.Close()
			return
		}
		conns <- tls.Server(conn, ended)
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	log.Fatal(http.Serve(listener, outer))
}
