package main

import "syscall"

// ofOurOwn keeps a terminal's Ctrl-C from a child, which this process then stops, and lets the kernel
// kill the child when this process is killed.
func ofOurOwn() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
