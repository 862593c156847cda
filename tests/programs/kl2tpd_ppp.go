// SPDX-License-Identifier: BSD-2-Clause
// kl2tpd_ppp.go - PPPoL2TP sockets of the program in Go: for pppd, or bridged
//
// A part of kl2tpd.go.
package main

import (
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"unsafe"
)

const (
	familyPppox     = 24
	protocolOl2tp   = 1
	pppGetChannel   = 0x80047437
	pppAttach       = 0x40047438
	pppBridge       = 0x40047435
	pppUnbridge     = 0x7434
	pppdPlugin      = "pppol2tp.so"
	pppdFd          = 3 // of the first of exec.Cmd.ExtraFiles
	lengthV2        = 38
	lengthV3        = 46
	offsetFd        = 10
	offsetAddress   = 14
	offsetIds       = 30
	offsetInAddress = 4
)

type call struct {
	file *os.File
	pppd *exec.Cmd
}

// pppAddress is a struct sockaddr_pppol2tp or, of version 3, sockaddr_pppol2tpv3: of IPv4, as go-l2tp has it.
func (t *tunnel) pppAddress(id, session, peerSession uint32) []byte {
	octets := make([]byte, lengthV2)
	if t.version == "3" {
		octets = make([]byte, lengthV3)
	}
	*(*uint16)(unsafe.Pointer(&octets[0])) = familyPppox
	*(*uint32)(unsafe.Pointer(&octets[2])) = protocolOl2tp
	*(*uint32)(unsafe.Pointer(&octets[offsetFd])) = t.fd
	*(*uint16)(unsafe.Pointer(&octets[offsetAddress])) = syscall.AF_INET
	octets[offsetAddress+2], octets[offsetAddress+3] = byte(t.port>>8), byte(t.port)
	copy(octets[offsetAddress+offsetInAddress:], net.ParseIP(t.peer).To4())
	for i, value := range []uint32{id, session, t.peerID, peerSession} {
		if t.version == "3" {
			*(*uint32)(unsafe.Pointer(&octets[offsetIds+4*i])) = value
		} else {
			*(*uint16)(unsafe.Pointer(&octets[offsetIds+2*i])) = uint16(value)
		}
	}
	return octets
}

func (p *program) pppox(w []string) (string, error) {
	t := p.find(w[0])
	if t == nil {
		return "", syscall.ENOENT
	}
	fd, err := syscall.Socket(familyPppox, syscall.SOCK_DGRAM, protocolOl2tp)
	if err != nil {
		return "", err
	}
	syscall.CloseOnExec(fd)
	if err = rawCall(syscall.SYS_CONNECT, fd, t.pppAddress(word32(w[0]), word32(w[1]), word32(w[2]))); err != nil {
		syscall.Close(fd)
		return "", err
	}
	p.lock.Lock()
	p.calls[w[1]] = &call{file: os.NewFile(uintptr(fd), "session")}
	p.lock.Unlock()
	return "", nil
}

func (p *program) findCall(session string) *call {
	p.lock.Lock()
	defer p.lock.Unlock()
	return p.calls[session]
}

// runPppd has pppd inherit the socket, whose copy here stays until hang-up.
func (p *program) runPppd(w []string) (string, error) {
	c := p.findCall(w[1])
	if c == nil {
		return "", syscall.ENOENT
	}
	arguments := []string{"plugin", pppdPlugin, "pppol2tp", strconv.Itoa(pppdFd), "pppol2tp_tunnel_id", w[0],
		"pppol2tp_session_id", w[1], "nodetach", "noauth"}
	c.pppd = exec.Command("pppd", append(arguments, w[2:]...)...)
	c.pppd.ExtraFiles = []*os.File{c.file}
	if err := c.pppd.Start(); err != nil {
		return "", err
	}
	go func() {
		c.pppd.Wait()
		say("hung-up", w[1], c.pppd.ProcessState.ExitCode())
	}()
	return strconv.Itoa(c.pppd.Process.Pid), nil
}

func (p *program) hangUp(w []string) (string, error) {
	c := p.findCall(w[0])
	if c == nil {
		return "", syscall.ENOENT
	}
	p.lock.Lock()
	delete(p.calls, w[0])
	p.lock.Unlock()
	if c.pppd != nil {
		c.pppd.Process.Signal(syscall.SIGTERM)
	}
	return "", c.file.Close()
}

func ioctl(file *os.File, request uintptr, argument *int32) error {
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var errno syscall.Errno
	err = raw.Control(func(fd uintptr) {
		_, _, errno = syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(unsafe.Pointer(argument)))
	})
	if err == nil && errno != 0 {
		err = errno
	}
	return err
}

// channelFile is a file of /dev/ppp on the channel of a session; the channel's number is returned beside it.
func (p *program) channelFile(session string) (*os.File, int32, error) {
	var channel int32
	c := p.findCall(session)
	if c == nil {
		return nil, 0, syscall.ENOENT
	}
	if err := ioctl(c.file, pppGetChannel, &channel); err != nil {
		return nil, 0, err
	}
	fd, err := syscall.Open("/dev/ppp", syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, 0, err
	}
	file := os.NewFile(uintptr(fd), "/dev/ppp")
	if err = ioctl(file, pppAttach, &channel); err != nil {
		file.Close()
		return nil, 0, err
	}
	return file, channel, nil
}

func (p *program) bridge(w []string) (string, error) {
	one, _, err := p.channelFile(w[0])
	if err != nil {
		return "", err
	}
	defer one.Close() // the bridge lives as long as the channels do
	other, channel, err := p.channelFile(w[1])
	if err != nil {
		return "", err
	}
	defer other.Close()
	return "", ioctl(one, pppBridge, &channel)
}

func (p *program) unbridge(w []string) (string, error) {
	file, channel, err := p.channelFile(w[0])
	if err != nil {
		return "", err
	}
	defer file.Close()
	return "", ioctl(file, pppUnbridge, &channel)
}
