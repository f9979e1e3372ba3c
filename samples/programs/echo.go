// An echo server: it answers each line of every connection, many at a time, and ends after a number of connections.
// Plain Go; the shield handles TLS and certificates.
package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
)

func main() {
	// The runtime passes the descriptor that listens on the port in an environment variable; without one, it is the first argument.
	words := os.Args[1:]
	text := os.Getenv("GUARDIAN_LISTEN_8443")
	if text == "" && len(words) > 0 {
		text, words = words[0], words[1:]
	}
	descriptor, err := strconv.Atoi(text)
	if err != nil {
		fmt.Fprintln(os.Stderr, "the session gives no port 8443")
		os.Exit(1)
	}
	count := -1
	if len(words) > 0 {
		count, _ = strconv.Atoi(words[0])
	}
	listener, err := net.FileListener(os.NewFile(uintptr(descriptor), "listener"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var serving sync.WaitGroup
	for i := 0; i != count; i++ {
		connection, err := listener.Accept()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		serving.Add(1)
		go func() {
			defer serving.Done()
			defer connection.Close()
			for lines := bufio.NewScanner(connection); lines.Scan(); {
				fmt.Fprintln(connection, lines.Text())
			}
		}()
	}
	serving.Wait()
}
