// The note keeper in Go (note.c says what it does).
package main

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"os"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
}

func main() {
	secret, err := os.ReadFile("/run/app/token")
	check(err)
	if len(secret) == 0 || string(secret) != os.Getenv("TOKEN") {
		os.Exit(4)
	}
	log, _ := os.ReadFile("/data/log")
	lines := bytes.Count(log, []byte("\n"))
	file, err := os.OpenFile("/data/log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0600)
	check(err)
	fmt.Fprintf(file, "PLAINTEXT of go %d\n", lines)
	check(file.Sync())
	check(file.Close())
	fmt.Printf("lines %d\n", lines)
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		pair, err := tls.LoadX509KeyPair("/run/app/tls.crt", "/run/app/tls.key")
		check(err)
		listener, err := tls.Listen("tcp", "127.0.0.1:"+os.Getenv("PORT"), &tls.Config{Certificates: []tls.Certificate{pair}})
		check(err)
		fmt.Println("listening")
		connection, err := listener.Accept()
		check(err)
		fmt.Fprint(connection, "hello from go\n")
		check(connection.Close())
	}
}
