//go:build !linux

package main

import "syscall"

// ofOurOwn keeps a terminal's Ctrl-C from a child, which this process then stops. Only Linux kills the
// children of a process that is killed.
func ofOurOwn() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
