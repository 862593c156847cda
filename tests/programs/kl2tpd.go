// SPDX-License-Identifier: BSD-2-Clause
// kl2tpd.go - a program in Go that manages tunnels, without cgo: its system calls are its own
//
// As go-l2tp and the netlink library below it do: the netlink socket is non-blocking in Go's poller, answers
// are looked at with MSG_PEEK until they fit and read then, and so are tunnels' sockets, which are given to the
// poller before the tunnel is asked for. Each command runs in a goroutine of its own, and each tunnel has one that
// reads. After each datagram of an L2TP/IP socket SO_PROTOCOL is asked, as x/sys/unix does to know its address.
// A PPP session gets a PPPoL2TP socket, which pppd inherits; or, of an access concentrator, two of them are bridged.
// Commands are in conversation.h.
package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"unsafe"
)

const (
	protocolL2tp = 115
	soProtocol   = 38
)

var sayLock sync.Mutex

func say(words ...interface{}) {
	sayLock.Lock()
	defer sayLock.Unlock()
	os.Stdout.WriteString(strings.TrimSuffix(fmt.Sprintln(words...), "\n") + "\n")
}

// --- tunnels' sockets

type tunnel struct {
	file    *os.File
	raw     syscall.RawConn
	overIP  bool
	fd      uint32
	version string
	peerID  uint32
	peer    string
	port    uint32
}

// l2tpAddress is a struct sockaddr_l2tpip or sockaddr_l2tpip6, for which syscall has no type.
func l2tpAddress(host string, id uint32) []byte {
	address := net.ParseIP(host)
	if four := address.To4(); four != nil {
		octets := make([]byte, 16)
		octets[0] = syscall.AF_INET
		copy(octets[4:8], four)
		*(*uint32)(unsafe.Pointer(&octets[8])) = id
		return octets
	}
	octets := make([]byte, 32)
	octets[0] = syscall.AF_INET6
	copy(octets[8:24], address)
	*(*uint32)(unsafe.Pointer(&octets[28])) = id
	return octets
}

func udpAddress(host string, port int) syscall.Sockaddr {
	address := net.ParseIP(host)
	if four := address.To4(); four != nil {
		made := &syscall.SockaddrInet4{Port: port}
		copy(made.Addr[:], four)
		return made
	}
	made := &syscall.SockaddrInet6{Port: port}
	copy(made.Addr[:], address)
	return made
}

func rawCall(call uintptr, fd int, address []byte) error {
	_, _, errno := syscall.Syscall(call, uintptr(fd), uintptr(unsafe.Pointer(&address[0])), uintptr(len(address)))
	if errno != 0 {
		return errno
	}
	return nil
}

func join(fd int, w []string) error {
	id, peer := word32(w[0]), word32(w[1])
	if w[3] == "ip" {
		if err := rawCall(syscall.SYS_BIND, fd, l2tpAddress(w[4], id)); err != nil {
			return err
		}
		return rawCall(syscall.SYS_CONNECT, fd, l2tpAddress(w[6], peer))
	}
	if err := syscall.Bind(fd, udpAddress(w[4], int(word32(w[5])))); err != nil {
		return err
	}
	return syscall.Connect(fd, udpAddress(w[6], int(word32(w[7]))))
}

// openTunnel makes the socket; the number of its descriptor is returned beside it.
func openTunnel(w []string) (*tunnel, uint32, error) {
	family, protocol := syscall.AF_INET, 0
	if strings.Contains(w[4], ":") {
		family = syscall.AF_INET6
	}
	if w[3] == "ip" {
		protocol = protocolL2tp
	}
	fd, err := syscall.Socket(family, syscall.SOCK_DGRAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, protocol)
	if err != nil {
		return nil, 0, err
	}
	if err = join(fd, w); err != nil {
		syscall.Close(fd)
		return nil, 0, err
	}
	t := &tunnel{file: os.NewFile(uintptr(fd), "tunnel"), overIP: w[3] == "ip", fd: uint32(fd), version: w[2],
		peerID: word32(w[1]), peer: w[6], port: word32(w[7])}
	t.raw, err = t.file.SyscallConn()
	return t, uint32(fd), err
}

func (t *tunnel) read(id string) {
	buffer := make([]byte, 2048)
	for {
		var got int
		var err error
		if t.raw.Read(func(fd uintptr) bool {
			got, _, err = syscall.Recvfrom(int(fd), buffer, 0)
			if err == nil && t.overIP {
				var protocol int
				protocol, err = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, soProtocol)
				if err == nil && protocol != protocolL2tp {
					err = syscall.EPROTOTYPE
				}
			}
			return err != syscall.EAGAIN
		}) != nil {
			return // it was closed
		}
		if err != nil {
			say("lost", id, int(err.(syscall.Errno)))
		} else {
			say("control", id, hex.EncodeToString(buffer[:got]))
		}
	}
}

// --- commands

type program struct {
	netlink *connection
	lock    sync.Mutex
	tunnels map[string]*tunnel
	calls   map[string]*call // by the number of the session
}

func word32(word string) uint32 {
	value, _ := strconv.ParseUint(word, 10, 32)
	return uint32(value)
}

func (p *program) l2tp(command uint8, flags uint16, attributes ...[]byte) ([][]byte, error) {
	return p.netlink.ask(p.netlink.family, command, flags, attributes...)
}

func (p *program) tunnel(w []string) (string, error) {
	t, fd, err := openTunnel(w)
	if err != nil {
		return "", err
	}
	go t.read(w[0])
	encapsulation := uint16(0)
	if t.overIP {
		encapsulation = 1
	}
	_, err = p.l2tp(tunnelCreate, syscall.NLM_F_ACK, u32(attrConnID, word32(w[0])), u32(attrPeerConnID, word32(w[1])),
		u8(attrProtoVersion, uint8(word32(w[2]))), u16(attrEncapType, encapsulation), u32(attrDebug, 0), u32(attrFd, fd))
	if err != nil {
		t.file.Close()
		return "", err
	}
	p.lock.Lock()
	p.tunnels[w[0]] = t
	p.lock.Unlock()
	return "", nil
}

func (p *program) session(w []string) (string, error) {
	attributes := [][]byte{u32(attrConnID, word32(w[0])), u32(attrPeerConnID, 0), u32(attrSessionID, word32(w[1])),
		u32(attrPeerSessionID, word32(w[2])), u16(attrPwType, uint16(word32(w[3])))}
	if w[4] != "-" {
		attributes = append(attributes, attribute(attrIfname, []byte(w[4]+"\x00")))
	}
	if _, err := p.l2tp(sessionCreate, syscall.NLM_F_ACK, attributes...); err != nil {
		return "", err
	}
	return p.get(w)
}

func (p *program) get(w []string) (string, error) {
	return name(p.l2tp(sessionGet, 0, u32(attrConnID, word32(w[0])), u32(attrSessionID, word32(w[1]))))
}

func name(answers [][]byte, err error) (string, error) {
	if err != nil {
		return "", err
	}
	return strings.TrimRight(string(find(answers[0], attrIfname)), "\x00"), nil
}

func (p *program) modify(w []string) (string, error) {
	_, err := p.l2tp(sessionModify, syscall.NLM_F_ACK, u32(attrConnID, word32(w[0])), u32(attrSessionID, word32(w[1])),
		u16(attrMtu, uint16(word32(w[2]))))
	return "", err
}

func (p *program) list([]string) (string, error) {
	tunnels, err := p.l2tp(tunnelGet, syscall.NLM_F_DUMP)
	if err != nil {
		return "", err
	}
	sessions, err := p.l2tp(sessionGet, syscall.NLM_F_DUMP)
	var words []string
	for _, t := range tunnels {
		words = append(words, fmt.Sprint(number(find(t, attrConnID))))
	}
	for _, s := range sessions {
		words = append(words, fmt.Sprintf("%d/%d", number(find(s, attrConnID)), number(find(s, attrSessionID))))
	}
	return strings.Join(words, " "), err
}

// storm has as many connections as goroutines: each waits in the poller.
func (p *program) storm(w []string) (string, error) {
	results, failures := make(chan int), make(chan error, int(word32(w[2])))
	workers, times := int(word32(w[2])), int(word32(w[3]))
	for i := 0; i < workers; i++ {
		go func() {
			done := 0
			defer func() { results <- done }()
			c, err := dial()
			if err != nil {
				failures <- err
				return
			}
			defer c.file.Close()
			for n := 0; n < times; n++ {
				found, err := name(c.ask(p.netlink.family, sessionGet, 0, u32(attrConnID, word32(w[0])),
					u32(attrSessionID, word32(w[1]))))
				if err != nil {
					failures <- err
					return
				}
				if found != "" {
					done++
				}
			}
		}()
	}
	done := 0
	for i := 0; i < workers; i++ {
		done += <-results
	}
	if len(failures) > 0 {
		return "", <-failures
	}
	return fmt.Sprint(done), nil
}

func (p *program) send(w []string) (string, error) {
	octets, err := hex.DecodeString(w[1])
	t := p.find(w[0])
	if err != nil || t == nil {
		return "", syscall.ENOENT
	}
	if e := t.raw.Write(func(fd uintptr) bool {
		_, err = syscall.Write(int(fd), octets)
		return err != syscall.EAGAIN
	}); e != nil {
		return "", syscall.EBADF
	}
	return "", err
}

func (p *program) find(id string) *tunnel {
	p.lock.Lock()
	defer p.lock.Unlock()
	return p.tunnels[id]
}

func (p *program) deleteSession(w []string) (string, error) {
	_, err := p.l2tp(sessionDelete, syscall.NLM_F_ACK, u32(attrConnID, word32(w[0])), u32(attrSessionID, word32(w[1])))
	return "", err
}

func (p *program) deleteTunnel(w []string) (string, error) {
	_, err := p.l2tp(tunnelDelete, syscall.NLM_F_ACK, u32(attrConnID, word32(w[0])))
	return "", err
}

func (p *program) close(w []string) (string, error) {
	t := p.find(w[0])
	if t == nil {
		return "", syscall.ENOENT
	}
	p.lock.Lock()
	delete(p.tunnels, w[0])
	p.lock.Unlock()
	return "", t.file.Close()
}

func (p *program) obey(words []string) {
	verbs := map[string]struct {
		words int
		run   func([]string) (string, error)
	}{
		"tunnel": {8, p.tunnel}, "session": {5, p.session}, "get": {2, p.get}, "modify": {3, p.modify},
		"list": {0, p.list}, "storm": {4, p.storm}, "send": {2, p.send}, "delete-session": {2, p.deleteSession},
		"delete-tunnel": {1, p.deleteTunnel}, "close": {1, p.close}, "pppox": {3, p.pppox}, "pppd": {2, p.runPppd},
		"hang-up": {1, p.hangUp}, "bridge": {2, p.bridge}, "unbridge": {1, p.unbridge}}
	verb, known := verbs[words[0]]
	if words[0] == "pppd" && len(words) > 2 {
		verb.words = len(words) - 1
	}
	if !known || verb.words != len(words)-1 {
		say("failed", int(syscall.EINVAL), words[0])
		return
	}
	result, err := verb.run(words[1:])
	switch errno := err.(type) {
	case nil:
		say(strings.TrimSpace("ok " + result))
	case syscall.Errno:
		say("failed", int(errno), words[0])
	default:
		say("failed", int(syscall.EIO), words[0], err)
	}
}

func main() {
	c, err := dial()
	if err == nil {
		err = c.resolve()
	}
	if err != nil {
		errno, _ := err.(syscall.Errno)
		say("failed", int(errno), "GETFAMILY")
		os.Exit(1)
	}
	p := &program{netlink: c, tunnels: map[string]*tunnel{}, calls: map[string]*call{}}
	say("ready", c.port)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		done := make(chan struct{})
		go func(line string) {
			p.obey(strings.Fields(line))
			close(done)
		}(lines.Text())
		<-done
	}
}
