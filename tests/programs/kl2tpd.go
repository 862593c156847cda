// SPDX-License-Identifier: BSD-2-Clause
// kl2tpd.go - a program in Go that manages tunnels, without cgo: its system calls are its own
//
// As go-l2tp and the netlink library below it do: the netlink socket is non-blocking in Go's poller, answers
// are looked at with MSG_PEEK until they fit and read then, and so are tunnels' sockets, which are given to the
// poller before the tunnel is asked for. Each command runs in a goroutine of its own, and each tunnel has one that
// reads. After each datagram of an L2TP/IP socket SO_PROTOCOL is asked, as x/sys/unix does to know its address.
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
	netlinkGeneric = 16
	control        = 16
	getFamily      = 3

	tunnelCreate  = 1
	tunnelDelete  = 2
	tunnelGet     = 4
	sessionCreate = 5
	sessionDelete = 6
	sessionModify = 7
	sessionGet    = 8

	attrPwType        = 1
	attrEncapType     = 2
	attrL2specType    = 5
	attrL2specLen     = 6
	attrProtoVersion  = 7
	attrIfname        = 8
	attrConnID        = 9
	attrPeerConnID    = 10
	attrSessionID     = 11
	attrPeerSessionID = 12
	attrDebug         = 17
	attrFd            = 23
	attrMtu           = 28

	protocolL2tp = 115
	soProtocol   = 38
)

var sayLock sync.Mutex

func say(words ...interface{}) {
	sayLock.Lock()
	defer sayLock.Unlock()
	os.Stdout.WriteString(strings.TrimSuffix(fmt.Sprintln(words...), "\n") + "\n")
}

// --- netlink

func attribute(kind uint16, value []byte) []byte {
	octets := make([]byte, (4+len(value)+3)&^3)
	*(*uint16)(unsafe.Pointer(&octets[0])) = uint16(4 + len(value))
	*(*uint16)(unsafe.Pointer(&octets[2])) = kind
	copy(octets[4:], value)
	return octets
}

func u8(kind uint16, value uint8) []byte { return attribute(kind, []byte{value}) }

func u16(kind uint16, value uint16) []byte {
	return attribute(kind, (*[2]byte)(unsafe.Pointer(&value))[:])
}

func u32(kind uint16, value uint32) []byte {
	return attribute(kind, (*[4]byte)(unsafe.Pointer(&value))[:])
}

func find(payload []byte, kind uint16) []byte {
	for at := 4; at+4 <= len(payload); {
		length := int(*(*uint16)(unsafe.Pointer(&payload[at])))
		if length < 4 || at+length > len(payload) {
			break
		}
		if *(*uint16)(unsafe.Pointer(&payload[at+2]))&0x3fff == kind {
			return payload[at+4 : at+length]
		}
		at += (length + 3) &^ 3
	}
	return nil
}

func number(octets []byte) uint32 {
	if len(octets) < 4 {
		return 0
	}
	return *(*uint32)(unsafe.Pointer(&octets[0]))
}

type connection struct {
	lock     sync.Mutex
	file     *os.File
	raw      syscall.RawConn
	port     uint32
	sequence uint32
	family   uint16
}

func dial() (*connection, error) {
	fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC,
		netlinkGeneric)
	if err != nil {
		return nil, err
	}
	if err = syscall.Bind(fd, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK}); err != nil {
		syscall.Close(fd)
		return nil, err
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		syscall.Close(fd)
		return nil, err
	}
	c := &connection{file: os.NewFile(uintptr(fd), "netlink"), port: name.(*syscall.SockaddrNetlink).Pid}
	c.raw, err = c.file.SyscallConn()
	return c, err
}

// receive is one datagram: first how large it is, then itself.
func (c *connection) receive() ([]byte, error) {
	buffer := make([]byte, 4096)
	flags := syscall.MSG_PEEK
	for {
		var got int
		var from syscall.Sockaddr
		var err error
		if e := c.raw.Read(func(fd uintptr) bool {
			got, _, _, from, err = syscall.Recvmsg(int(fd), buffer, nil, flags)
			return err != syscall.EAGAIN
		}); e != nil {
			return nil, e
		}
		if err != nil {
			return nil, err
		}
		if sender, is := from.(*syscall.SockaddrNetlink); !is || sender.Pid != 0 {
			return nil, syscall.EPROTO
		}
		if flags == 0 {
			return buffer[:got], nil
		}
		if got < len(buffer) {
			flags = 0
		} else {
			buffer = make([]byte, 2*len(buffer))
		}
	}
}

// ask sends a request and returns the payloads of the messages that answer it.
func (c *connection) ask(family uint16, command uint8, flags uint16, attributes ...[]byte) ([][]byte, error) {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.sequence++
	message := make([]byte, 20)
	for _, octets := range attributes {
		message = append(message, octets...)
	}
	*(*uint32)(unsafe.Pointer(&message[0])) = uint32(len(message))
	*(*uint16)(unsafe.Pointer(&message[4])) = family
	*(*uint16)(unsafe.Pointer(&message[6])) = syscall.NLM_F_REQUEST | flags
	*(*uint32)(unsafe.Pointer(&message[8])) = c.sequence
	message[16], message[17] = command, 1

	var err error
	if e := c.raw.Write(func(fd uintptr) bool {
		err = syscall.Sendto(int(fd), message, 0, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK})
		return err != syscall.EAGAIN
	}); e != nil {
		return nil, e
	}
	if err != nil {
		return nil, err
	}
	return c.collect(flags)
}

func (c *connection) collect(flags uint16) ([][]byte, error) {
	var answers [][]byte
	for {
		datagram, err := c.receive()
		if err != nil {
			return nil, err
		}
		messages, err := syscall.ParseNetlinkMessage(datagram)
		if err != nil {
			return nil, err
		}
		for _, m := range messages {
			if m.Header.Seq != c.sequence || m.Header.Pid != c.port {
				continue
			}
			switch m.Header.Type {
			case syscall.NLMSG_ERROR:
				if code := int32(number(m.Data)); code != 0 {
					return nil, syscall.Errno(-code)
				}
				return answers, nil
			case syscall.NLMSG_DONE:
				return answers, nil
			}
			answers = append(answers, m.Data)
			if flags == 0 {
				return answers, nil
			}
		}
	}
}

func (c *connection) resolve() error {
	answers, err := c.ask(control, getFamily, 0, attribute(2, []byte("l2tp\x00")))
	if err == nil {
		c.family = uint16(find(answers[0], 1)[0]) | uint16(find(answers[0], 1)[1])<<8
	}
	return err
}

// --- tunnels' sockets

type tunnel struct {
	file   *os.File
	raw    syscall.RawConn
	overIP bool
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
	t := &tunnel{file: os.NewFile(uintptr(fd), "tunnel"), overIP: w[3] == "ip"}
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
		"delete-tunnel": {1, p.deleteTunnel}, "close": {1, p.close}}
	verb, known := verbs[words[0]]
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
	p := &program{netlink: c, tunnels: map[string]*tunnel{}}
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
