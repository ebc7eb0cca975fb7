package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// errStopped is returned by waits that a stop request ended.
var errStopped = errors.New("stopped before it was ready")

// processes is the children, each with a log in dir.
type processes struct {
	dir      string
	exits    chan string
	children []*exec.Cmd
	waits    sync.WaitGroup
}

// start runs a program in dir; it must be called from the main thread.
func (p *processes) start(program string, flags ...string) error {
	log, err := os.Create(filepath.Join(p.dir, filepath.Base(program)+".log"))
	if err != nil {
		return err
	}
	defer log.Close()
	child := exec.Command(program, flags...)
	child.Dir, child.Stdout, child.Stderr = p.dir, log, log
	child.SysProcAttr = ofOurOwn()
	if err := child.Start(); err != nil {
		return err
	}
	p.children = append(p.children, child)
	p.waits.Add(1)
	go func() {
		defer p.waits.Done()
		child.Wait()
		p.exits <- filepath.Base(program)
	}()
	return nil
}

// wait returns nil at a stop request and an error with the end of its log when a child exits first.
func (p *processes) wait(stop <-chan struct{}) error {
	select {
	case <-stop:
		return nil
	case name := <-p.exits:
		return p.exited(name)
	}
}

func (p *processes) exited(name string) error {
	return fmt.Errorf("%s ended by itself; the end of its log:\n%s", name, p.tail(name, 15))
}

func (p *processes) tail(name string, lines int) string {
	log, err := os.ReadFile(filepath.Join(p.dir, name+".log"))
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimRight(string(log), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// kill ends the children at once: nothing of theirs is kept, so there is nothing to close in order.
func (p *processes) kill() {
	for _, child := range p.children {
		child.Process.Kill()
	}
	p.waits.Wait()
}

// pids says which process is which.
func (p *processes) pids() map[string]int {
	found := map[string]int{}
	for _, child := range p.children {
		found[filepath.Base(child.Path)] = child.Process.Pid
	}
	return found
}
