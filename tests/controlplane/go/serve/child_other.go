//go:build !linux

package main

import "syscall"

// dieWithParent has no counterpart here: children outlive this process only if it is killed itself.
func dieWithParent() *syscall.SysProcAttr {
	return nil
}
