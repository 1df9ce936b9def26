//go:build !linux

package testenvoy

import "syscall"

// childAttr is nothing special where the kernel cannot end a child together with its parent.
func childAttr() *syscall.SysProcAttr { return nil }
