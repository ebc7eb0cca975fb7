// Command serve runs a Kubernetes control plane on loopback for as long as its parent lives.
//
// It starts etcd, kube-apiserver and kube-controller-manager of one folder, and when they are ready prints
// one line of JSON that says where. It stops at SIGTERM, SIGINT, the end of its standard input or the death
// of its parent, and leaves no process and no file behind.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// attempts at starting: another process may take the free port between our choice and the server's bind.
const attempts = 3

func main() {
	// The kernel ties a parent-death signal to the thread that forked; the main thread lives to the end.
	runtime.LockOSThread()
	assets := flag.String("assets", "", "folder with etcd, kube-apiserver and kube-controller-manager")
	flag.Parse()
	if err := try(*assets, stopRequested(os.Stdin, os.Getppid())); err != nil {
		fmt.Fprintln(os.Stderr, "control plane:", err)
		os.Exit(1)
	}
}

// try serves, again if the chosen port was taken.
func try(assets string, stop <-chan struct{}) error {
	assets, err := filepath.Abs(assets)
	for retry, left := err == nil, attempts; retry && left > 0; left-- {
		retry, err = serve(assets, stop)
	}
	return err
}

// serve runs one control plane from nothing to the stop request; retry says that a new port may help.
func serve(assets string, stop <-chan struct{}) (retry bool, err error) {
	dir, err := os.MkdirTemp("", "controlplane-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	plane, err := prepare(dir)
	if err != nil {
		return false, err
	}
	group := &processes{dir: dir, exits: make(chan string, 3)}
	defer group.kill()
	if err := plane.start(assets, group, stop); err != nil {
		return plane.portTaken(), err
	}
	if err := json.NewEncoder(os.Stdout).Encode(plane.report(group)); err != nil {
		return false, err
	}
	return false, group.wait(stop)
}

// stopRequested closes its channel when a signal arrives, standard input ends or the parent is another.
func stopRequested(stdin io.Reader, parent int) <-chan struct{} {
	stop := make(chan struct{})
	reasons := make(chan struct{}, 3)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() { <-signals; reasons <- struct{}{} }()
	go func() { io.Copy(io.Discard, stdin); reasons <- struct{}{} }()
	// A forked sibling may hold the pipe open after the parent's death.
	go func() {
		for os.Getppid() == parent {
			time.Sleep(200 * time.Millisecond)
		}
		reasons <- struct{}{}
	}()
	go func() { <-reasons; close(stop) }()
	return stop
}
